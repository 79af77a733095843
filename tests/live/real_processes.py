"""The bot and the local exchange as real processes on loopback, started, killed and looked into."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from greenlight.domain import UserError
from greenlight.ledger import FILLS, POSITIONS, Ledger, load_key

SYMBOLS = ("AAPL", "MSFT", "JNJ", "XOM", "KO", "PG")
KEY, SECRET = "PKNOBODYSKEY", "nobodys-secret-at-all"
ENTERING = """
[data]
symbols = {symbols}
[ledger]
url = "{url}"
[broker]
name = "alpaca"
[broker.alpaca]
trading_url = "{exchange}"
data_url = "{exchange}"
[live]
timeframe = "5m"
[limits]
buy_score = 50.5
sell_score = 49.5
rsi_high = 100
entries_per_day = 200
correlation = 1
max_bars = 6
cooloff_loss = 1
deployed = 0.6
sector = 1
[orders]
per_minute = 1000
rejected = 1
errors_per_minute = 1000
"""


def until(check, seconds: float = 60.0):
    """What `check` says as soon as that is true of something."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)
    return found


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "greenlight", *arguments]


class Exchange:
    """A local exchange in a process of its own."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, path: str, **told):
        """The answer to a GET, or to a POST where something is told."""
        headers = {"APCA-API-KEY-ID": "judge", "APCA-API-SECRET-KEY": "judge"}
        data = json.dumps(told).encode() if told else None
        request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310  # loopback
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return json.load(answer)

    def is_up(self) -> bool:
        try:
            return bool(self.ask("/_exchange"))
        except OSError:
            return False

    def positions(self) -> dict[str, str]:
        return {one["symbol"]: one["qty"] for one in self.ask("/v2/positions")}

    def open_orders(self) -> list[dict]:
        return self.ask("/v2/orders?status=open&limit=500&nested=true")

    def close_the_market(self) -> None:
        """No trade from now on: what was sent comes to rest."""
        for symbol in SYMBOLS:
            self.ask("/_exchange/halt", symbol=symbol, seconds=10**6)


@contextmanager
def exchange(folder: Path, speed: int, faults: str = ""):
    """A local exchange that trades the sample from a Monday's open on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = folder / "faults.toml"
    file.write_text(faults)
    arguments = [
        "--sample",
        "--symbols",
        ",".join(SYMBOLS),
        "--start",
        "2019-03-04",
        "--limit",
        "0",
    ]
    options = ["--limit", "0", "--speed", str(speed), "--port", str(port), "--faults", str(file)]
    with (
        (folder / "exchange.txt").open("w") as told,
        subprocess.Popen(command("exchange", *arguments, *options), stdout=told) as process,
    ):
        try:
            yield Exchange(port)
        finally:
            process.kill()


class Stage:
    """A folder with a configuration and a ledger, in which bots are started."""

    def __init__(self, folder: Path, url: str, at: Exchange) -> None:
        self.folder, self.url, self.exchange = folder, url, at
        symbols = json.dumps(list(SYMBOLS))
        text = ENTERING.format(symbols=symbols, url=url, exchange=at.url)
        (folder / "greenlight.toml").write_text(text)
        self.log = folder / "log.jsonl"
        self._processes: list[subprocess.Popen] = []

    def start(self) -> subprocess.Popen:
        """A bot, which works on while the test looks elsewhere."""
        with self.log.open("a") as log:
            process = subprocess.Popen(
                command("paper"), cwd=self.folder, env=self._environment(), stdout=log, stderr=log
            )
        self._processes.append(process)
        return process

    def do(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """One command, to its end."""
        return subprocess.run(
            command(*arguments),
            cwd=self.folder,
            env=self._environment(),
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def end(self) -> None:
        """Leave no process behind."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()

    @contextmanager
    def ledger(self):
        key = self.folder / "ledger.key"
        known = load_key(key, {}, make=False) if key.exists() else None
        with Ledger.open(self.url, known, make=False) as opened:
            yield opened

    def kinds(self) -> Counter:
        """How many entries of each kind the latest run has."""
        try:
            with self.ledger() as opened:
                runs = opened.runs()
                lines = opened.lines(runs[-1].run.run) if runs else ()
                return Counter(line.kind for line in lines)
        except UserError:
            return Counter()  # not there yet

    def fills(self) -> list:
        with self.ledger() as opened:
            return opened.rows(FILLS)

    def positions(self) -> dict[str, str]:
        with self.ledger() as opened:
            rows = opened.rows(POSITIONS)
        return {one.instrument: f"{one.quantity.normalize():f}" for one in rows if one.quantity}

    def _environment(self) -> dict[str, str]:
        own = {k: v for k, v in os.environ.items() if not k.startswith(("APCA", "GREENLIGHT_L"))}
        return own | {"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}


@contextmanager
def staged(folder: Path, url: str, speed: int, faults: str = ""):
    """An exchange, and a folder to start bots in."""
    with exchange(folder, speed, faults) as at:
        stage = Stage(folder, url, at)
        try:
            yield stage
        finally:
            stage.end()
