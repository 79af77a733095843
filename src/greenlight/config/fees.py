"""What US regulators took from a sale of stock, by date. Brokers pass both on to the seller.

Section 31 of the Securities Exchange Act, 15 U.S.C. 78ee: rates from the Commission's fee rate
advisories and FINRA's information notices. Rows marked * carry the day the law gives (30, since
Dodd-Frank 60, days after the year's appropriation was signed); the others the day of the notice.

Trading Activity Fee, Schedule A section 1 of FINRA's by-laws: NASD announcement of 2002-10-17,
Notice to Members 04-84, Regulatory Notices 11-27 and 12-06, Federal Register 77 FR 38690, fee
increase schedules SR-FINRA-2020-032 and SR-FINRA-2024-019. A cut for NASD's members between the
first two rows, if there was one, is not taken: the dearer rate stands.
"""

from datetime import date

_MILLION = 1_000_000

#: (in force from, USD per million of the sale)
SEC_FEES: tuple[tuple[date, float], ...] = (
    (date.min, 33.33),
    (date(2001, 12, 28), 15.00),
    (date(2002, 4, 1), 30.10),
    (date(2003, 3, 22), 25.20),
    (date(2003, 4, 1), 46.80),
    (date(2004, 2, 22), 39.00),
    (date(2004, 4, 1), 23.40),
    (date(2005, 1, 7), 32.90),
    (date(2005, 4, 1), 41.80),
    (date(2005, 12, 22), 30.70),
    (date(2007, 3, 17), 15.30),  # *
    (date(2008, 1, 25), 11.00),  # *
    (date(2008, 4, 1), 5.60),
    (date(2009, 4, 10), 25.70),  # *
    (date(2010, 1, 15), 12.70),
    (date(2010, 4, 1), 16.90),
    (date(2011, 1, 21), 19.20),
    (date(2012, 2, 21), 18.00),
    (date(2012, 4, 1), 22.40),
    (date(2013, 5, 25), 17.40),  # *
    (date(2014, 3, 18), 22.10),
    (date(2015, 2, 14), 18.40),  # *
    (date(2016, 2, 16), 21.80),  # *
    (date(2017, 7, 4), 23.10),
    (date(2018, 5, 22), 13.00),
    (date(2019, 4, 16), 20.70),  # *
    (date(2020, 2, 18), 22.10),
    (date(2021, 2, 25), 5.10),
    (date(2022, 5, 14), 22.90),
    (date(2023, 2, 27), 8.00),
    (date(2024, 5, 22), 27.80),
    (date(2025, 5, 14), 0.00),
    (date(2026, 4, 4), 20.60),
)

#: (in force from, USD a share, most USD a trade)
TAF_FEES: tuple[tuple[date, float, float], ...] = (
    (date.min, 0.0, 0.0),
    (date(2002, 10, 1), 0.000100, 10.00),
    (date(2004, 11, 1), 0.000075, 3.75),
    (date(2011, 7, 1), 0.000090, 4.50),
    (date(2012, 3, 1), 0.000095, 4.75),
    (date(2012, 7, 1), 0.000119, 5.95),
    (date(2022, 1, 1), 0.000130, 6.49),
    (date(2023, 1, 1), 0.000145, 7.27),
    (date(2024, 1, 1), 0.000166, 8.30),
    (date(2026, 1, 1), 0.000195, 9.79),
)


def regulatory_fees() -> list[tuple[date, float, float, float]]:
    """Both schedules as one: (since, SEC fraction of notional, TAF a share, TAF cap), ascending."""
    starts = sorted({row[0] for row in SEC_FEES} | {row[0] for row in TAF_FEES})
    rows = []
    for since in starts:
        sec = [row for row in SEC_FEES if row[0] <= since][-1]
        taf = [row for row in TAF_FEES if row[0] <= since][-1]
        rows.append((since, sec[1] / _MILLION, taf[1], taf[2]))
    return rows
