"""Real processes on real databases: killed in mid-stream, and in each other's way."""

import asyncio
import subprocess
import sys
from pathlib import Path

import numpy as np
from ledger_scenes import KEY, claim, opened, still, word

FOLDER = Path(__file__).parent


def started(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, script, *arguments],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_killed_in_mid_stream_everything_confirmed_is_there_and_whole(url):
    draw = np.random.default_rng(1)
    confirmed = 0
    for _ in range(3):
        with started("writing_process.py", url, "r1") as process:
            for _ in range(int(draw.integers(1, 60))):
                confirmed = int(process.stdout.readline())
            process.kill()
            confirmed = max([confirmed, *map(int, process.stdout.read().split("\n")[:-1])])
        with opened(url) as ledger:
            ledger.take_lease(claim(force=True))  # what the dead had under way is over now
            seqs = [entry.seq for entry in ledger.read("r1")]
            assert seqs == list(range(1, len(seqs) + 1))
            assert len(seqs) >= confirmed
            assert all(finding.is_whole for finding in ledger.verify())
            (summary,) = ledger.runs()
            assert summary.entries == len(seqs)
    with opened(url, KEY) as ledger:
        lease = ledger.take_lease(claim(force=True))
        journal = ledger.resume_run("r1", lease, still())
        assert len(journal.entries()) == len(seqs)
        assert journal.append(word("after")) == len(seqs) + 1
        asyncio.run(journal.durable())
        journal.close()
        assert all(finding.is_whole for finding in ledger.verify())


def test_of_two_processes_that_claim_an_account_at_once_one_gets_it(url):
    with opened(url):
        pass
    rivals = [started("claiming_process.py", url, name, "25") for name in ("left", "right")]
    for rival in rivals:
        assert rival.stdout.readline() == "ready\n"
    for rival in rivals:
        rival.stdin.write("\n")
        rival.stdin.flush()
    got = [rival.communicate()[0].split() for rival in rivals]
    assert sorted(map(int, [*got[0], *got[1]])) == list(range(25))
    with opened(url) as ledger:
        for name, numbers in zip(("left", "right"), got, strict=True):
            for number in numbers:
                row = ledger.lease_of(f"acc{number}")
                assert (row.holder, row.fence) == (name, 1)
