"""What makes two backtests the same: code, data and configuration, each as a hash."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from greenlight import __version__
from greenlight.backtest.trials import KEY_DIGITS
from greenlight.market import History
from greenlight.signals import Strategy

_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Identity:
    """`key`: hash over everything that decides the outcome; `title`: what people read."""

    title: str
    key: str
    code_version: str
    fingerprint: str

    @property
    def folder(self) -> str:
        """Name of the run's folder."""
        slug = re.sub(r"[^A-Za-z0-9_.]+", "-", self.title).strip("-.")[:60] or "run"
        return f"{slug}-{self.key[:KEY_DIGITS]}"


def identify(
    history: History, strategies: Sequence[Strategy], config: Mapping[str, Any]
) -> Identity:
    """Identify a backtest of `strategies` on `history` under the resolved `config`."""
    code, fingerprint = code_version(), history.fingerprint()
    digest = hashlib.sha256()
    for part in (code, fingerprint, json.dumps(config, sort_keys=True, default=str)):
        digest.update(hashlib.sha256(part.encode()).digest())
    for voice in strategies:
        source = b"" if voice.path is None else voice.path.read_bytes()
        digest.update(hashlib.sha256(voice.name.encode() + b"\0" + source).digest())
    return Identity(title_of(strategies), digest.hexdigest(), code, fingerprint)


def title_of(strategies: Sequence[Strategy]) -> str:
    """The strategies' names, or how many they are."""
    names = [voice.name for voice in strategies]
    return " + ".join(names) if len(names) <= _MOST_NAMES else f"{len(names)} strategies"


def code_version() -> str:
    """The version and a hash of every source file, so that an edit is another version."""
    root = Path(str(files("greenlight")))
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in {".py", ".css", ".js", ".html"} and "__pycache__" not in path.parts:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"{__version__}+{digest.hexdigest()[:12]}"
