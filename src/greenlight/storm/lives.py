"""The bot's processes: born, killed at a boundary, frozen, born again with the next lease."""

import asyncio
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from greenlight.brokers.exchange import LocalExchange
from greenlight.domain import RetryError
from greenlight.live import Bot
from greenlight.storm.assembly import Ports, assemble
from greenlight.storm.disk import Shelf, StormJournal
from greenlight.storm.virtual import Process, VirtualClock, outside
from greenlight.storm.weather import Boundary, Crash, Weather
from greenlight.storm.wire import Line, Sky
from greenlight.storm.witness import Began, Fact, Gone

_START_AGAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Stage:
    """What all processes share. say: a line of the trace."""

    weather: Weather
    clock: VirtualClock
    shelf: Shelf
    venue: LocalExchange
    sky: Sky
    tell: Callable[[Fact], None]
    say: Callable[[str], None]

    def line(self, name: str, passed: Callable[[Boundary], None]) -> Line:
        """A wire to the venue."""
        latency_s = self.weather.latency_s
        return Line(
            name, self.venue, self.sky, latency_s, self.clock.now, self.tell, passed, self.say
        )


@dataclass(slots=True)
class Life:
    """One process of the bot."""

    name: str
    process: Process
    journal: StormJournal
    crash: Crash | None
    passed: int = 0
    bot: Bot | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)


class Lives:
    """Keeps one bot alive, as far as fate and owner let it."""

    def __init__(self, stage: Stage, seeds: np.random.SeedSequence) -> None:
        self._stage, self._seeds = stage, seeds
        self._born = 0
        self.crashes = 0
        self.may_run = True
        self.now: Life | None = None
        self._frozen: list[Life] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """A new process takes the lease and goes on where the journal ends."""
        stage = self._stage
        planned = stage.weather.crashes
        crash = planned[self._born] if self._born < len(planned) else None
        self._born += 1
        name = f"bot{self._born}"
        process = Process(name)
        holder: list[Life] = []

        def passed(boundary: Boundary) -> None:
            self._pass(holder[0], boundary)

        life = Life(name, process, stage.shelf.open(name, passed), crash)
        holder.append(life)
        self.now = life
        stage.tell(Began(stage.clock.now(), name))
        ports = Ports(
            stage.line(name, passed),
            life.journal,
            stage.clock,
            lambda level, text: stage.say(f"{name} alerts, {level}: {text}"),
            np.random.Generator(np.random.PCG64(self._seeds.spawn(1)[0])),
        )
        process.start(self._live(life, ports))

    def freeze(self) -> None:
        """The process stands still."""
        life = self.now
        if life is not None and life.process.is_alive and life not in self._frozen:
            self._frozen.append(life)
            life.process.freeze()
            self._tell_gone(life, "frozen")

    def thaw(self) -> None:
        """And goes on, whatever happened meanwhile."""
        frozen, self._frozen = self._frozen, []
        for life in frozen:
            self._stage.tell(Began(self._stage.clock.now(), life.name))
            life.process.thaw()

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after a while, outside of every process."""

        async def wait() -> None:
            await asyncio.sleep(seconds)
            act()

        task = asyncio.get_running_loop().create_task(wait(), name="fate", context=outside())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def again(self) -> None:
        """Begin anew unless a bot runs or the owner wants none."""
        is_running = self.now is not None and self.now.process.is_alive
        if self.may_run and not is_running:
            self.begin()

    async def _live(self, life: Life, ports: Ports) -> None:
        stage, fault = self._stage, ""
        try:
            life.bot = assemble(stage.weather, ports)
            why = await life.bot.run(life.stop)
        except RetryError as error:
            why = f"could not start: {error}"
        except Exception as error:  # noqa: BLE001  # whatever ends a bot is judged
            why, fault = "failed", f"{type(error).__name__}: {error}"
            for line in traceback.format_exception(error):
                stage.say(line.rstrip())
        life.process.kill()
        life.journal.crash(1.0)
        stage.say(f"{life.name} ended: {why} {fault}")
        self._tell_gone(life, why, fault)
        if life is self.now:
            self.later(_START_AGAIN_S, self.again)

    def _pass(self, life: Life, boundary: Boundary) -> None:
        """Count a boundary; at the one that is written the process dies."""
        life.passed += 1
        if life.crash is None or life.passed != life.crash.nth:
            return
        self.crashes += 1
        self._stage.say(f"{life.name} is killed at boundary {life.passed}, {boundary}")
        life.process.kill()
        life.journal.crash(life.crash.kept)
        self._tell_gone(life, "crash")
        if life is self.now:
            self.later(life.crash.down_s, self.again)
        life.process.die()

    def _tell_gone(self, life: Life, why: str, fault: str = "") -> None:
        self._stage.tell(Gone(self._stage.clock.now(), life.name, why, fault))
