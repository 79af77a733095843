"""History's clock: a backtest, judged out of sample, and the tear sheet it leaves behind."""

from greenlight.backtest.artefacts import LATEST, write_run
from greenlight.backtest.audit import AuditReport, audit, equal_scores, learned_scores
from greenlight.backtest.audit_replay import Fault, Finding
from greenlight.backtest.conduct import Places, conduct
from greenlight.backtest.identity import Identity, code_version, identify
from greenlight.backtest.plain import to_json, to_plain
from greenlight.backtest.result import Comparison, FunnelStep, Result, Segment
from greenlight.backtest.run import Backtest, Plan, backtest, vote
from greenlight.backtest.trials import Trial, TrialCount, TrialLedger
from greenlight.backtest.walkforward import Search
from greenlight.scoring import Voice

__all__ = [
    "LATEST",
    "AuditReport",
    "Backtest",
    "Comparison",
    "Fault",
    "Finding",
    "FunnelStep",
    "Identity",
    "Places",
    "Plan",
    "Result",
    "Search",
    "Segment",
    "Trial",
    "TrialCount",
    "TrialLedger",
    "Voice",
    "audit",
    "backtest",
    "code_version",
    "conduct",
    "equal_scores",
    "identify",
    "learned_scores",
    "to_json",
    "to_plain",
    "vote",
    "write_run",
]
