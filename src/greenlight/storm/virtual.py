"""Virtual time: a loop whose clock jumps to the next timer, and processes that die at any moment.

Days pass in seconds, and in the same order every time. A `Process` is a part of the simulation that
can be killed as `kill -9` kills (nothing of it runs again, not even what cleans up) or frozen.
"""

import asyncio
import contextvars
import selectors
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any, NoReturn, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_NS = 1_000_000_000
_OWNER: contextvars.ContextVar["Process | None"] = contextvars.ContextVar("owner", default=None)


class DeadlockError(Exception):
    """Nothing is ready and no timer runs: the simulation would wait for ever."""


class Killed(BaseException):
    """Unwinds the one call in which a process was killed; nothing after it runs."""


class Process:
    """Tasks that live, stand still and die together. What it waits for is the loop's affair."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_alive = True
        self._is_frozen = False
        self._held: list[tuple[Callable[..., object], tuple[Any, ...], contextvars.Context]] = []

    def start(self, main: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run `main` as this process; whatever it starts belongs to the process, too."""
        context = contextvars.copy_context()
        context.run(_OWNER.set, self)
        return asyncio.get_running_loop().create_task(main, name=self.name, context=context)

    def kill(self) -> None:
        """Nothing of it runs from here on."""
        self.is_alive = False
        self._held.clear()

    def die(self) -> NoReturn:
        """Kill it from inside."""
        self.kill()
        raise Killed(self.name)

    def freeze(self) -> None:
        """It stands still; what it waits for goes on."""
        self._is_frozen = True

    def thaw(self) -> None:
        """It goes on with all that came meanwhile, in order."""
        self._is_frozen = False
        held, self._held = self._held, []
        for callback, arguments, context in held:
            asyncio.get_running_loop().call_soon(callback, *arguments, context=context)

    def step(self, callback: Callable[..., object], *arguments: object) -> None:
        """Run one callback of the process, unless it is dead or frozen."""
        if not self.is_alive:
            return
        if self._is_frozen:
            self._held.append((callback, arguments, contextvars.copy_context()))
        else:
            callback(*arguments)


def outside() -> contextvars.Context:
    """A context that belongs to no process: what is started in it survives its starter."""
    context = contextvars.copy_context()
    context.run(_OWNER.set, None)
    return context


class _Task(asyncio.Task[T]):
    """A task that sets order by number, not by where it lies in memory."""

    def __init__(self, *arguments: Any, number: int, **options: Any) -> None:  # noqa: ANN401
        self._number = number
        super().__init__(*arguments, **options)

    def __hash__(self) -> int:
        return self._number


class _Due:
    """A timer's callback; one that was held back may have been cancelled since."""

    __slots__ = ("_callback", "handle")

    def __init__(self, callback: Callable[..., object]) -> None:
        self._callback = callback
        self.handle: asyncio.TimerHandle | None = None

    def __call__(self, *arguments: object) -> None:
        if self.handle is None or not self.handle.cancelled():
            self._callback(*arguments)


class _Jump(selectors.DefaultSelector):
    """Waits for nothing: the time of the next timer comes at once."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise DeadlockError(f"nothing is ready and no timer runs; {self.loop.waiting()}")
        self.loop.pass_time(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop on virtual time, from 0 on; seconds. No sockets, no threads."""

    def __init__(self) -> None:
        selector = _Jump()
        selector.loop = self
        self._now = 0.0
        self._born = 0
        self._tasks: list[_Task[Any]] = []
        super().__init__(selector)
        self.set_task_factory(self._task)
        self.set_exception_handler(_tell)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass."""
        self._now += seconds

    def call_soon(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        """As asyncio's; through the door of the process that the context belongs to."""
        context = contextvars.copy_context() if context is None else context
        owner = context.get(_OWNER)
        if owner is None:
            return super().call_soon(callback, *args, context=context)
        return super().call_soon(owner.step, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """As asyncio's; through the door of the process that the context belongs to."""
        context = contextvars.copy_context() if context is None else context
        owner = context.get(_OWNER)
        if owner is None:
            return super().call_at(when, callback, *args, context=context)
        due = _Due(callback)
        due.handle = super().call_at(when, owner.step, due, *args, context=context)
        return due.handle

    def waiting(self) -> str:
        """What each unfinished task waits at."""
        places = [f"{task.get_name()} at {_place(task)}" for task in self._tasks if not task.done()]
        return "waiting: " + ("; ".join(places) or "no task")

    def finish(self) -> None:
        """Cancel what is left, bury what was killed, close."""
        left = [task for task in self._tasks if not task.done()]
        for task in left:
            task.cancel()
        with suppress(DeadlockError):
            self.run_until_complete(_settled(left))
        dead = [task for task in self._tasks if not task.done()]
        for task in dead:
            _bury(task)
        self._tasks.clear()
        self.close()

    def _task(
        self,
        _: asyncio.AbstractEventLoop,
        main: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **options: Any,  # noqa: ANN401  # a task's
    ) -> "_Task[Any]":
        self._born += 1
        task: _Task[Any] = _Task(main, loop=self, number=self._born, **options)
        self._tasks.append(task)
        if self._born % 1024 == 0:
            self._tasks = [one for one in self._tasks if not one.done()]
        return task


class VirtualClock:
    """The clock of a simulation that began at `origin_ts`, ns UTC."""

    def __init__(self, origin_ts: int) -> None:
        self._origin_ts = origin_ts

    def now(self) -> int:
        """Now, ns UTC."""
        return self._origin_ts + round(asyncio.get_running_loop().time() * _NS)

    async def sleep(self, seconds: float) -> None:
        """Let so many virtual seconds pass."""
        await asyncio.sleep(seconds)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on virtual time to its end. Raises DeadlockError where it can never end."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.finish()


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """As asyncio does, but for those who were killed."""
    if not isinstance(context.get("exception"), Killed):
        loop.default_exception_handler(context)


async def _settled(tasks: list[_Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


def _bury(task: "asyncio.Task[Any]") -> None:
    """Take down a task that never runs again, whatever it says to that."""
    main = task.get_coro()
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # it is known
    for _ in range(10):  # what is awaited while it cleans up must be closed again
        with suppress(BaseException):
            main.close()
            return


def _place(task: "asyncio.Task[Any]") -> str:
    stack = task.get_stack()
    if not stack:
        return "its start"
    frame = stack[-1]
    return f"{frame.f_code.co_qualname}:{frame.f_lineno}"
