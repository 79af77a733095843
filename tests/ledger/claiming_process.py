"""A process that claims accounts one after the other as soon as it may, and says which it got.

python claiming_process.py URL NAME COUNT
"""

import sys
import time

from ledger_scenes import KEY, claim

from greenlight.domain import UserError
from greenlight.ledger import Ledger

if __name__ == "__main__":
    url, name, count = sys.argv[1:]
    ledger = Ledger.open(url, KEY)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    got = []
    for n in range(int(count)):
        try:
            ledger.take_lease(claim(f"acc{n}", name, time.time_ns()))
            got.append(str(n))
        except UserError:
            pass
    sys.stdout.write(" ".join(got) + "\n")
