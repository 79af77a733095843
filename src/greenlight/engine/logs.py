"""Layouts of what the engine writes down."""

import numpy as np

#: One execution. reference: the bar's price before spread, slippage and impact.
FILL = np.dtype(
    [
        ("row", np.int64),
        ("ts", np.int64),
        ("symbol", np.int64),
        ("side", np.int64),
        ("role", np.int64),
        ("reason", np.int64),
        ("quantity", np.float64),
        ("price", np.float64),
        ("reference", np.float64),
        ("fee", np.float64),
        ("intent", np.int64),
        ("attempt", np.int64),
    ]
)

#: One decision at the close of a row. quantity 0 where refused; price: the close decided on.
DECISION = np.dtype(
    [
        ("row", np.int64),
        ("ts", np.int64),
        ("symbol", np.int64),
        ("side", np.int64),
        ("action", np.int64),
        ("reason", np.int64),
        ("score", np.float64),
        ("quantity", np.float64),
        ("price", np.float64),
        ("intent", np.int64),
        ("calibrated", np.int64),
    ]
)

#: Cash moved other than by a fill; symbol -1 is the account.
FLOW = np.dtype(
    [
        ("row", np.int64),
        ("ts", np.int64),
        ("symbol", np.int64),
        ("kind", np.int64),
        ("amount", np.float64),
    ]
)

#: A position changed other than by a fill (splits, mergers, spin-offs, delistings).
ADJUSTMENT = np.dtype(
    [
        ("row", np.int64),
        ("ts", np.int64),
        ("symbol", np.int64),
        ("kind", np.int64),
        ("before", np.float64),
        ("after", np.float64),
    ]
)
