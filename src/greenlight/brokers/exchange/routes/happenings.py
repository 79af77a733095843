"""Corporate actions that have happened, and news, of which there is none."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenlight.brokers.exchange.hours import NS_DAY
from greenlight.brokers.exchange.names import identity, moment
from greenlight.brokers.exchange.rendering import Json
from greenlight.brokers.exchange.routes.reading import answer, exchange_of, moment_of, names_of
from greenlight.domain import CashDividend, Split


async def corporate_actions(request: Request) -> Response:
    """GET: splits and dividends by ex-date, up to today."""
    exchange = exchange_of(request)
    symbols, now = names_of(request, "symbols"), exchange.faults.now
    start, end = moment_of(request, "start"), moment_of(request, "end")
    first = moment(now - NS_DAY if start is None else start).date()
    last = moment(min(now, now if end is None else end)).date()
    found: dict[str, list[Json]] = {}
    for action in exchange.tape.actions:
        if first <= action.ex_date <= last and (not symbols or action.symbol in symbols):
            key, row = _row(action)
            found.setdefault(key, []).append(row)
    return answer({"corporate_actions": found, "next_page_token": None})


async def news(_: Request) -> Response:
    """GET: nothing."""
    return answer({"news": [], "next_page_token": None})


def _row(action: Split | CashDividend) -> tuple[str, Json]:
    day = action.ex_date.isoformat()
    common: Json = {
        "id": identity(f"action {action.symbol} {day} {type(action).__name__}"),
        "symbol": action.symbol,
        "cusip": "000000000",
        "ex_date": day,
        "process_date": day,
        "record_date": day,
        "payable_date": day,
    }
    if isinstance(action, CashDividend):
        rate = float(action.amount)
        return "cash_dividends", common | {"rate": rate, "special": False, "foreign": False}
    ratio = float(action.ratio)
    if ratio >= 1:
        return "forward_splits", common | {"old_rate": 1.0, "new_rate": ratio}
    del common["cusip"]
    cusips = {"old_cusip": "000000000", "new_cusip": "000000000"}
    return "reverse_splits", common | cusips | {"old_rate": round(1 / ratio, 9), "new_rate": 1.0}


ROUTES = [
    Route("/v1/corporate-actions", corporate_actions, methods=["GET"]),
    Route("/v1beta1/corporate-actions", corporate_actions, methods=["GET"]),
    Route("/v1beta1/news", news, methods=["GET"]),
]
