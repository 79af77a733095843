"""An environment for each peer, from its hashed lock, wheels only. Made once, below .bench/."""

import hashlib
import subprocess
import sys
from pathlib import Path


def python_of(root: Path, peer: str | None) -> Path:
    """The interpreter of a peer; its environment is made where lock or Python have changed."""
    if peer is None:
        return Path(sys.executable)
    folder = root / ".bench" / peer
    lock = root / "bench" / "requirements" / f"{peer}.txt"
    stamp = folder / ".lock"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    python = folder / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"bench: installing {peer} into .bench/{peer}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        _install(python, lock)
        stamp.write_text(wanted)
    return python


def _install(python: Path, lock: Path) -> None:
    """By uv where it stands beside this interpreter, else (or where it fails) by pip."""
    strict = ["--quiet", "--only-binary", ":all:", "--require-hashes", "-r", str(lock)]
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        fast = subprocess.run([uv, "pip", "install", "--python", python, *strict], check=False)
        if fast.returncode == 0:
            return
    subprocess.run([python, "-m", "pip", "install", "--quiet", *strict], check=True)
