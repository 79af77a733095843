"""The exchange served on loopback for the real client library."""

import asyncio
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from exchange_market import Served, build


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serve an exchange on a free port of loopback; stops with the test."""
    from greenlight.brokers.exchange import serve as serving

    stops: list[Callable[[], None]] = []

    def start(**options: object) -> Served:
        local, clock = build(**options)
        loop, ready, urls = asyncio.new_event_loop(), threading.Event(), []

        def told(url: str) -> None:
            urls.append(url)
            ready.set()

        def run() -> None:
            asyncio.set_event_loop(loop)
            task = loop.create_task(serving(local, 0, told))
            stops.append(lambda: loop.call_soon_threadsafe(task.cancel))
            try:
                with suppress(asyncio.CancelledError):
                    loop.run_until_complete(task)
            finally:
                loop.close()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert ready.wait(20)
        stops.append(lambda: thread.join(20))
        return Served(urls[0], local, clock, loop)

    yield start
    for stop in stops:
        stop()


@pytest.fixture
def alpaca():
    """The real client library, whose import warns of its own web socket client."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="websockets.legacy")
        warnings.filterwarnings("ignore", message="websockets.legacy is deprecated")
        import alpaca.data.historical
        import alpaca.data.live
        import alpaca.trading.client
        import alpaca.trading.stream
    return alpaca
