"""Layouts of what the engine writes down."""

import numpy as np

# Fields stand in order of falling width, so that rows are small and aligned.

#: One execution. reference: the bar's price before spread, slippage and impact.
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

#: One decision at the close of a row. quantity 0 where refused; price: the close decided on.
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

#: Cash moved other than by a fill; symbol -1 is the account.
FLOW = np.dtype(
    [
        ("ts", np.int64),
        ("amount", np.float64),
        ("row", np.int32),
        ("symbol", np.int32),
        ("kind", np.int64),
    ]
)

#: A position changed other than by a fill (splits, mergers, spin-offs, delistings).
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
