"""The two switches every engine function is compiled with, and the cache that cannot go stale.

Numba's cache does not notice an edit in a called function of another file, and a stale engine
trades wrongly and silently. So the cache folder is keyed by everything that decides the machine
code: all engine sources, the versions of numba, llvmlite and NumPy, Python and the CPU.

`_nrt=False` turns reference counting off and makes allocation inside the engine a compile error;
together with `forceinline` it is the difference between 10 and 1,000 ns a bar. It is a private
option: numba is pinned, and a test fails when it goes.
"""

import hashlib
import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def cache_key() -> str:
    """Hash of all that decides the engine's machine code."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    for package in ("numba", "llvmlite", "numpy"):
        digest.update(version(package).encode())
    digest.update(f"{sys.version}{platform.machine()}{_cpu_name()}".encode())
    return digest.hexdigest()[:16]


def _cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor()
    wanted = ("model name", "flags", "Features")
    lines = cpuinfo.read_text(errors="replace").splitlines()
    return "".join(sorted({line for line in lines if line.startswith(wanted)}))


def cache_folder() -> Path:
    """Folder of this engine's machine code, below $GREENLIGHT_CACHE or the user's cache folder."""
    home = os.environ.get("GREENLIGHT_CACHE")
    root = Path(home) if home else Path.home() / ".cache" / "greenlight"
    return root / "engine" / cache_key()


_FOLDER = str(cache_folder())
os.environ["NUMBA_CACHE_DIR"] = _FOLDER

import numba  # noqa: E402  # must follow the cache folder: numba reads it when imported

# and where numba had been imported before us; its types know no CACHE_DIR
numba.config.CACHE_DIR = _FOLDER  # type: ignore[attr-defined]

# Options that numba's own types do not know travel as a mapping.
_SHARED: dict[str, Any] = {"_nrt": False, "error_model": "numpy"}
_VERB: dict[str, Any] = {
    **_SHARED,
    "forceinline": True,
    # verbs are called by compiled code alone: without wrappers they compile in half the time
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
_LOOP: dict[str, Any] = {**_SHARED, "cache": True, "nogil": True}


def verb(function: F) -> F:
    """Compile a function that other engine functions call; LLVM inlines it."""
    compiled: F = numba.njit(**_VERB)(function)
    return compiled


def loop(function: F) -> F:
    """Compile an entry that Python calls; it lets go of the GIL."""
    compiled: F = numba.njit(**_LOOP)(function)
    return compiled
