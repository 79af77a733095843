"""Drills: proposals that wait for verdicts, of a reasoner or of a person."""

import numpy as np
import pytest
from stage import BUY, OPEN, Stage, answer

from greenlight.domain import (
    Action,
    Happening,
    Reason,
    RequestVerdicts,
    Ruling,
    Side,
    Switch,
    Verdict,
    VerdictsReady,
)
from greenlight.engine import Step, build_specs

PROCEED = Verdict(Ruling.PROCEED)
ALL = {0: 90.0, 1: 85.0, 2: 80.0}


@pytest.mark.parametrize(
    ("verdicts", "quantity"),
    [
        ({0: Verdict(Ruling.PROCEED)}, 10.0),
        ({0: Verdict(Ruling.PROCEED, confidence=0.7)}, 7.0),
        ({0: Verdict(Ruling.REDUCE)}, 5.0),
        ({}, 5.0),  # silence abstains
    ],
)
def test_a_verdict_can_only_shrink(verdicts: dict[int, Verdict], quantity: float) -> None:
    stage = Stage(asks_verdicts=True)
    step = stage.bar(BUY)
    (request,) = step.commands
    assert isinstance(request, RequestVerdicts)
    (proposal,) = request.proposals
    assert (proposal.symbol, proposal.side, proposal.quantity) == (0, Side.BUY, 10.0)
    assert (proposal.price, proposal.score, len(step.decisions)) == (100.0, 90.0, 0)
    answer(stage, step, verdicts)
    stage.bar()
    assert stage.it.trader.quantity[0] == quantity


def test_nobody_is_asked_about_what_the_gates_refuse() -> None:
    stage = Stage(OPEN._replace(armed=False), asks_verdicts=True)
    assert stage.bar(BUY).commands == ()
    assert stage.reasons() == [Reason.DISARMED]


def test_a_kill_between_question_and_answer_holds() -> None:
    stage = Stage(asks_verdicts=True)
    step = stage.bar(BUY)
    stage.switch(Switch.KILL)
    answer(stage, step, {0: Verdict(Ruling.PROCEED)})
    assert stage.reasons() == [Reason.KILLED]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"deployed": 0.15}, Reason.DEPLOYED),
        ({"sector": 0.15}, Reason.SECTOR),
        ({"leverage": 0.15}, Reason.MARGIN),
    ],
)
def test_a_purchase_between_question_and_answer_takes_its_room(limits, reason) -> None:
    specs = build_specs(3, sector=np.zeros(3, dtype=np.int64))
    stage = Stage(OPEN._replace(**limits), specs, asks_verdicts=True)
    step = stage.bar(BUY)
    stage.happen(Happening.MANUAL, 1, 10.0, 100.0)
    answer(stage, step, {0: Verdict(Ruling.PROCEED)})
    assert stage.reasons() == [reason]


def test_what_is_bought_between_question_and_answer_is_not_bought_again() -> None:
    stage = Stage(asks_verdicts=True)
    step = stage.bar(BUY)
    stage.happen(Happening.MANUAL, 0, 10.0, 100.0)
    answer(stage, step, {0: Verdict(Ruling.PROCEED)})
    assert stage.reasons() == [Reason.HELD]


def test_an_add_between_question_and_answer_never_exceeds_the_position() -> None:
    limits = OPEN._replace(position=0.2, health_add=60.0, scrap=0.1)
    stage = Stage(limits, asks_verdicts=True)
    stage.happen(Happening.MANUAL, 0, 4.0, 100.0)
    up = {0: (102.0, 102.0, 102.0, 102.0)}
    step = stage.bar(BUY, up)
    stage.happen(Happening.MANUAL, 0, 14.0, 102.0)
    answer(stage, step, {0: Verdict(Ruling.PROCEED)})
    (decision,) = stage.it.log("decisions")
    assert (decision["action"], decision["quantity"]) == (Action.ADD, 1.0)


def test_an_answer_that_never_comes_is_a_refusal_at_the_next_close() -> None:
    stage = Stage(asks_verdicts=True)
    late = stage.bar(BUY)
    decisions = stage.bar().decisions
    assert (decisions["reason"][0], decisions["row"][0]) == (Reason.VERDICT, 0)
    answer(stage, late, {0: Verdict(Ruling.PROCEED)})
    assert stage.it.trader.quantity[0] == 0.0
    assert len(stage.reasons()) == 1


def waiting(stage: Stage, *symbols: int) -> tuple[Step, Step]:
    """Everything is bought but these, which wait for a person: the question and the answer."""
    step = stage.bar(ALL)
    (request,) = step.commands
    assert isinstance(request, RequestVerdicts)
    verdicts = {symbol: PROCEED for symbol in range(3) if symbol not in symbols}
    event = VerdictsReady(request.block, request.close_ts, verdicts, frozenset(symbols))
    return step, stage.it.tell(event)


def test_what_waits_for_a_person_stays_proposed_while_the_rest_enters() -> None:
    stage = Stage(asks_verdicts=True)
    question, _ = waiting(stage, 1, 2)
    assert stage.it.log("decisions")["symbol"].tolist() == [0]
    answer(stage, question, {2: PROCEED})  # nobody spoke of 1: it waits on
    answer(stage, question, {1: Verdict(Ruling.REDUCE)})
    decisions = stage.it.log("decisions")
    assert decisions["symbol"].tolist() == [0, 2, 1]
    assert decisions["quantity"].tolist() == [10.0, 10.0, 5.0]
    assert decisions["row"].tolist() == [0, 0, 0]


def test_an_approval_passes_every_gate_afresh() -> None:
    stage = Stage(OPEN._replace(deployed=0.25), asks_verdicts=True)
    question, _ = waiting(stage, 0)
    stage.happen(Happening.MANUAL, 2, 10.0, 100.0)
    answer(stage, question, {0: PROCEED})
    assert stage.reasons()[-1] == Reason.DEPLOYED
    answer(stage, question, {0: PROCEED})  # an answer cannot be replayed
    assert len(stage.reasons()) == 3


def test_a_persons_no_is_not_the_reasoners() -> None:
    stage = Stage(asks_verdicts=True)
    question, _ = waiting(stage, 0)
    answer(stage, question, {0: Verdict(Ruling.SKIP)})
    assert stage.reasons() == [Reason.OK, Reason.OK, Reason.APPROVAL]


def test_what_nobody_approved_is_refused_at_the_next_close() -> None:
    stage = Stage(asks_verdicts=True)
    question, _ = waiting(stage, 0, 2)
    answer(stage, question, {2: PROCEED})
    decisions = stage.bar().decisions
    assert (decisions["symbol"][0], decisions["reason"][0]) == (0, Reason.APPROVAL)
    assert (decisions["action"][0], decisions["quantity"][0]) == (Action.REFUSE, 0.0)
    assert (decisions["row"][0], len(decisions)) == (0, 1)
    answer(stage, question, {0: PROCEED})
    assert stage.it.trader.quantity.tolist() == [0.0, 10.0, 10.0]


def test_an_approval_after_a_kill_buys_nothing() -> None:
    stage = Stage(asks_verdicts=True)
    question, _ = waiting(stage, 0)
    stage.switch(Switch.KILL)
    answer(stage, question, {0: PROCEED})
    assert stage.reasons()[-1] == Reason.KILLED
