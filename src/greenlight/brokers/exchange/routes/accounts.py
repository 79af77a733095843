"""/v2/account, its configurations, activities and history."""

from dataclasses import dataclass, field
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenlight.brokers.exchange.account import ActivityLine
from greenlight.brokers.exchange.hours import NS_DAY, NS_SECOND
from greenlight.brokers.exchange.names import EASTERN, moment
from greenlight.brokers.exchange.rendering import activity_json
from greenlight.brokers.exchange.routes.reading import (
    answer,
    body_of,
    count_of,
    exchange_of,
    moment_of,
    names_of,
)

_MOST = 100
_DAYS = {"D": 1, "W": 7, "M": 30, "A": 365, "Y": 365}
_NON_TRADE = "non_trade_activity"


@dataclass(slots=True)
class Settings:
    """What the client may set of its account."""

    values: dict[str, object] = field(
        default_factory=lambda: {
            "dtbp_check": "entry",
            "fractional_trading": True,
            "max_margin_multiplier": "4",
            "no_shorting": False,
            "pdt_check": "entry",
            "suspend_trade": False,
            "trade_confirm_email": "all",
            "ptp_no_exception_entry": False,
            "max_options_trading_level": None,
        }
    )


async def account(request: Request) -> Response:
    """GET: the account."""
    return answer(exchange_of(request).account())


async def configurations(request: Request) -> Response:
    """GET and PATCH: settings; shorting and trading can be switched off for good."""
    settings: Settings = request.app.state.settings
    if request.method == "PATCH":
        body = await body_of(request)
        settings.values |= {k: v for k, v in body.items() if k in settings.values}
        held = exchange_of(request).venue.account
        held.no_shorting = settings.values["no_shorting"] is True
        held.is_suspended = settings.values["suspend_trade"] is True
    return answer(settings.values)


async def activities(request: Request) -> Response:
    """GET: what moved the account, a page at a time; newest first."""
    exchange = exchange_of(request)
    kind = request.path_params.get("kind")
    kinds = [kind] if kind else names_of(request, "activity_types")
    category = request.query_params.get("category")
    after, until = moment_of(request, "after"), moment_of(request, "until")
    day = moment_of(request, "date")
    found = [
        line
        for line in exchange.venue.account.activities
        if (not kinds or line.type in kinds)
        and (category is None or (line.type != "FILL") == (category == _NON_TRADE))
        and (after is None or line.ts > after)
        and (until is None or line.ts < until)
        and (day is None or _is_on(line, day))
    ]
    if request.query_params.get("direction", "desc") != "asc":
        found.reverse()
    token = request.query_params.get("page_token")
    if token:
        ids = [line.id for line in found]
        found = found[ids.index(token) + 1 :] if token in ids else []
    found = found[: count_of(request, "page_size", _MOST, _MOST)]
    return answer([activity_json(line, exchange.venue.account.id) for line in found])


async def portfolio_history(request: Request) -> Response:
    """GET: equity at the start of each day of the period, and now."""
    floor = exchange_of(request).venue.floor
    since = moment_of(request, "start")
    until = moment_of(request, "end") or moment_of(request, "date_end") or floor.now
    if since is None:
        since = until - _period_ns(request.query_params.get("period") or "1M")
    points = [*floor.equity_curve, (floor.now, floor.equity())]
    kept = [point for point in points if since <= point[0] <= until + NS_DAY] or points[-1:]
    base = kept[0][1]
    gains = [float(equity - base) for _, equity in kept]
    return answer(
        {
            "timestamp": [ts // NS_SECOND for ts, _ in kept],
            "equity": [float(equity) for _, equity in kept],
            "profit_loss": gains,
            "profit_loss_pct": [gain / float(base) if base else None for gain in gains],
            "base_value": float(base),
            "base_value_asof": moment(kept[0][0]).astimezone(EASTERN).date().isoformat(),
            "timeframe": request.query_params.get("timeframe") or "1D",
            "cashflow": {},
        }
    )


def _period_ns(period: str) -> int:
    digits, unit = period[:-1], period[-1:]
    days = int(digits) * _DAYS.get(unit, 30) if digits.isdigit() else 30
    return int(Decimal(days)) * NS_DAY


def _is_on(line: ActivityLine, day_ts: int) -> bool:
    return moment(line.ts).astimezone(EASTERN).date() == moment(day_ts).date()


ROUTES = [
    Route("/v2/account", account, methods=["GET"]),
    Route("/v2/account/configurations", configurations, methods=["GET", "PATCH"]),
    Route("/v2/account/activities", activities, methods=["GET"]),
    Route("/v2/account/activities/{kind}", activities, methods=["GET"]),
    Route("/v2/account/portfolio/history", portfolio_history, methods=["GET"]),
]
