"""How the journal lays out what the engine wrote down; a test holds it to engine/logs.py.

The journal's format is published and outlives the engine's inside: a column is never dropped or
renamed, and one that an old entry lacks reads as 0.
"""

import numpy as np

FILL = np.dtype(
    [
        ("ts", np.int64),
        ("intent", np.int64),
        ("quantity", np.float64),
        ("price", np.float64),
        ("reference", np.float64),
        ("fee", np.float64),
        ("row", np.int32),
        ("symbol", np.int32),
        ("attempt", np.int32),
        ("reason", np.int16),
        ("side", np.int8),
        ("role", np.int8),
    ]
)
DECISION = np.dtype(
    [
        ("ts", np.int64),
        ("intent", np.int64),
        ("quantity", np.float64),
        ("price", np.float64),
        ("row", np.int32),
        ("symbol", np.int32),
        ("score", np.float32),
        ("reason", np.int16),
        ("side", np.int8),
        ("action", np.int8),
        ("calibrated", np.int64),
    ]
)
FLOW = np.dtype(
    [
        ("ts", np.int64),
        ("amount", np.float64),
        ("row", np.int32),
        ("symbol", np.int32),
        ("kind", np.int64),
    ]
)
ADJUSTMENT = np.dtype(
    [
        ("ts", np.int64),
        ("before", np.float64),
        ("after", np.float64),
        ("row", np.int32),
        ("symbol", np.int32),
        ("kind", np.int64),
    ]
)

#: Which field of `Decided` has which layout.
LAYOUTS = {"decisions": DECISION, "fills": FILL, "flows": FLOW, "adjustments": ADJUSTMENT}
