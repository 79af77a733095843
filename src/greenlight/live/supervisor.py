"""Tasks that must go on: one that fails is started again, later each time."""

from collections.abc import Callable, Coroutine
from typing import Any

from greenlight.domain import GreenlightError, LeaseError
from greenlight.live.ports import Clock

#: A task that is run again when it ends, and its name.
Named = tuple[str, Callable[[], Coroutine[Any, Any, None]]]

_FIRST_S, _LONGEST_S = 1.0, 60.0
_CALM_S = 300.0  # a task that ran this long has recovered


async def supervise(
    name: str,
    task: Callable[[], Coroutine[Any, Any, None]],
    clock: Clock,
    alert: Callable[[str, str], None],
) -> None:
    """Run `task` for ever; when it fails or ends, tell, wait and run it again.

    Raises LeaseError: who has lost the lease must not go on.
    """
    wait = _FIRST_S
    while True:
        began = clock.now()
        try:
            await task()
            why = "ended"
        except LeaseError:
            raise
        except GreenlightError as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001  # a bug in one task must not stop the others
            why = f"{type(error).__name__}: {error}"
        if (clock.now() - began) / 1e9 > _CALM_S:
            wait = _FIRST_S
        alert("warning", f"{name}: {why}; again in {wait:.0f} s")
        await clock.sleep(wait)
        wait = min(2.0 * wait, _LONGEST_S)
