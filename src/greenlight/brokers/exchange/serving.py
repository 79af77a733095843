"""Serving the exchange on a port of this machine."""

import asyncio
import socket
from collections.abc import Callable

import uvicorn

from greenlight.brokers.exchange.server import LocalExchange
from greenlight.domain import UserError

LOOPBACK = "127.0.0.1"
_PATIENCE = 1  # seconds that open connections are given at the end


async def serve(
    local: LocalExchange, port: int = 0, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until cancelled or interrupted. `ready` is told the address; port 0: any free one.

    Raises UserError where the port is taken.
    """
    local.exchange.is_served = True
    with _listening(port) as listener:
        config = uvicorn.Config(
            local.app,
            log_level="error",
            lifespan="off",
            ws="websockets-sansio",
            access_log=False,
            timeout_graceful_shutdown=_PATIENCE,
        )
        server = uvicorn.Server(config)
        if ready is not None:
            ready(f"http://{LOOPBACK}:{listener.getsockname()[1]}")
        keeper = asyncio.create_task(local.exchange.run())
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.wait((serving, keeper), return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            keeper.cancel()
            await asyncio.gather(serving, keeper, return_exceptions=True)
        if not keeper.cancelled():
            keeper.result()


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise UserError(
            f"port {port} cannot be used ({error.strerror}); choose another: --port 0 takes any"
        ) from None
    return listener
