"""Rules as the journal keeps them: every number by its name, exact."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from greenlight.engine import Costs, Limits, Rules, Specs


def write_rules(rules: Rules) -> dict[str, Any]:
    """Limits, costs and specs by name; infinity and NaN as text, which JSON has no number for."""
    return {
        "limits": {name: _plain(value) for name, value in rules.limits._asdict().items()},
        "costs": {name: _list(value) for name, value in rules.costs._asdict().items()},
        "specs": {name: _list(value) for name, value in rules.specs._asdict().items()},
    }


def read_rules(written: Mapping[str, Any]) -> Rules:
    """The rules that were written, to the last bit."""
    numbers: dict[str, Any] = {name: _number(v) for name, v in written["limits"].items()}
    limits = Limits(**numbers)
    costs = Costs(**{name: _array(value) for name, value in written["costs"].items()})
    specs = Specs(**{name: _array(value) for name, value in written["specs"].items()})
    return Rules(limits, costs, specs)


def _plain(value: float) -> float | str:
    return value if np.isfinite(value) else str(float(value))


def _number(value: float | str) -> float:
    return float(value) if isinstance(value, str) else value


def _list(values: Any) -> dict[str, Any]:  # noqa: ANN401  # an array of either kind
    array = np.asarray(values)
    return {"type": array.dtype.name, "values": [_plain(v) for v in array.tolist()]}


def _array(written: Mapping[str, Any]) -> Any:  # noqa: ANN401  # an array of either kind
    values = [_number(value) for value in written["values"]]
    return np.array(values, dtype=written["type"])
