"""A process that writes words to a run, and says which are on disk, until it is killed.

python writing_process.py URL RUN
"""

import asyncio
import sys
import time

from ledger_scenes import KEY, began, claim, word

from greenlight.ledger import Clocks, Ledger

if __name__ == "__main__":
    url, run = sys.argv[1:]
    ledger = Ledger.open(url, KEY)
    lease = ledger.take_lease(claim(wall_ts=time.time_ns(), force=True))
    clocks = Clocks(time.time_ns, time.time_ns)
    known = [one.run.run for one in ledger.runs()]
    journal = (
        ledger.resume_run(run, lease, clocks)
        if run in known
        else ledger.begin_run(began(run), lease, clocks)
    )

    async def play() -> None:
        while True:
            for _ in range(3):
                last = journal.append(word("x" * 300))
            await journal.durable()
            sys.stdout.write(f"{last}\n")
            sys.stdout.flush()

    asyncio.run(play())
