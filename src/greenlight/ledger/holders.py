"""Names of processes that hold leases, which tell whether the process is still there."""

import os
import socket
from pathlib import Path

_SPACE = Path("/proc/self/ns/pid")


def holder_name() -> str:
    """Machine, process space (containers have their own) and process: "host/4026531836/711"."""
    return f"{socket.gethostname()}/{_space()}/{os.getpid()}"


def is_gone(holder: str) -> bool:
    """Whether the holder was a process of this machine and is no more. False: nobody knows."""
    place, _, number = holder.rpartition("/")
    if place != f"{socket.gethostname()}/{_space()}" or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _space() -> str:
    try:
        return str(_SPACE.stat().st_ino)
    except OSError:  # only Linux tells
        return "-"
