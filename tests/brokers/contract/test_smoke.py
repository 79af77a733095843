"""`make smoke` as a user runs it, against the local exchange; and what it refuses."""

import asyncio
import os
import sys
import time
from pathlib import Path

from alpaca_stand import exchange_with

from greenlight.brokers.exchange import serve

SCRIPT = Path(__file__).parents[3] / "scripts" / "smoke.py"
NAMES = ("APCA_API_KEY_ID", "ALPACA_KEY_ID", "APCA_API_SECRET_KEY", "ALPACA_SECRET_KEY")


async def smoked(*arguments: str, **keys: str) -> tuple[int | None, str]:
    """Exit code and everything said."""
    env = {name: value for name, value in os.environ.items() if name not in NAMES} | keys
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        "alpaca",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=env,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


def test_the_smoke_run_finds_the_contract_kept_at_the_local_exchange():
    async def go():
        local = exchange_with((), time.monotonic, speed=20.0)
        address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = asyncio.ensure_future(serve(local, ready=address.set_result))
        keys = {"APCA_API_KEY_ID": "PKTEST", "ALPACA_SECRET_KEY": "secret"}
        url = await address
        code, said = await smoked("--url", url, "--instrument", "SPY", **keys)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return code, said

    code, said = asyncio.run(go())
    assert code == 0, said
    assert "the contract holds" in said
    assert said.count("ok ") >= 14
    assert "secret" not in said


def test_without_keys_it_says_in_one_line_what_is_missing():
    code, said = asyncio.run(smoked())
    assert code == 2
    assert said.count("\n") == 1
    assert "APCA_API_KEY_ID" in said


def test_it_trades_with_nothing_but_paper():
    keys = {"APCA_API_KEY_ID": "PKTEST", "APCA_API_SECRET_KEY": "secret"}
    code, said = asyncio.run(smoked("--url", "https://api.alpaca.markets", **keys))
    assert code == 2
    assert "trading_url" in said
