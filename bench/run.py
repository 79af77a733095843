"""`make bench`: Greenlight beside its peers, on the same bars and by the same rules.

    python bench/run.py [--rounds 3] [--only TEXT]

Prints the tables and writes bench/results.json. Ends with 1 where a peer's final equity is not ours
to the cent. See bench/README.md for the conventions and how they were made equal.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that `bench` is found however this file was started

from bench.conduct import conduct  # noqa: E402  # after the path
from bench.results import as_json, disagreements, verdicts  # noqa: E402
from bench.tables import memory_table, rows_table, verdict_table  # noqa: E402


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="Greenlight beside its peers.")
    parser.add_argument("--rounds", type=int, default=3, help="processes a work and engine")
    parser.add_argument("--only", default="", help="works whose name contains this")
    options = parser.parse_args()
    rows, measured = conduct(ROOT, options.rounds, options.only)
    print()
    print(rows_table(rows))
    print()
    print(verdict_table(verdicts(rows)))
    print()
    print(memory_table(measured))
    print()
    if not options.only:
        live_tables()
    wrong = disagreements(rows)
    for line in wrong:
        print(f"DISAGREES: {line}")
    if not wrong:
        print("Final equity agrees to the cent, and round trips do, wherever peers stand together.")
    if not options.only:
        target = ROOT / "bench" / "results.json"
        draft = target.with_suffix(".draft")
        draft.write_text(json.dumps(as_json(rows), indent=1) + "\n")
        os.replace(draft, target)
    return 1 if wrong else 0


def live_tables() -> None:
    """The live engine: bar close to orders, durable writes; each in a process of its own."""
    for name, title in (("latency", "Bar close to orders at the broker"), ("journal", "Journal")):
        print(f"{title}\n", flush=True)
        subprocess.run([sys.executable, str(ROOT / "bench" / f"{name}.py")], check=True)
        print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
