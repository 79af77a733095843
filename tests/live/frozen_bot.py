"""A bot's heart as a process: appends, and sends whenever the lease is still its own.

`python frozen_bot.py LEDGER_URL SENT_FILE` writes a line for each send, and ends with the lease.
"""

import asyncio
import sys
import time
from pathlib import Path

from greenlight.domain import LeaseError
from greenlight.ledger import (
    Alerted,
    Claim,
    Clocks,
    Ledger,
    Mode,
    RunBegan,
    holder_name,
    key_path,
    load_key,
)


async def main(url: str, sent: Path) -> None:
    with Ledger.open(url, load_key(key_path(url), {})) as ledger:
        lease = ledger.take_lease(Claim("A1", holder_name(), time.time_ns()))
        began = RunBegan(
            "r1", "A1", "venue", Mode.PAPER, ("AAPL",), (1,), ("XNYS 1h",), {}, {}, 1.0, -1, False,
            "1",
        )  # fmt: skip
        journal = ledger.begin_run(began, lease, Clocks(time.time_ns, time.time_ns))
        try:
            while True:
                journal.append(Alerted("info", "about to send"))
                await journal.durable()
                if await journal.holds():
                    with sent.open("a") as file:
                        file.write("sent\n")
                await asyncio.sleep(0.005)
        except LeaseError as error:
            sys.stdout.write(f"lost: {error}\n")
            sys.stdout.flush()
        finally:
            journal.close()


asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
