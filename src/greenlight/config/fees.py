"""What US regulators took from a sale of stock, by date. Brokers pass both on to the seller."""

from datetime import date

_MILLION = 1_000_000

#: (in force from, SEC rate as a fraction of notional, TAF in USD a share, TAF cap in USD a trade)
REGULATORY_FEES: tuple[tuple[date, float, float, float], ...] = (
    (date(2024, 5, 22), 27.80 / _MILLION, 0.000166, 8.30),
    (date(2025, 5, 14), 0.0, 0.000166, 8.30),
)
