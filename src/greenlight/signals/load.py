"""Strategies by name (shipped) or by path (a user's own file)."""

import difflib
import importlib
import pkgutil
import sys
import traceback
from dataclasses import replace
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import CodeType, ModuleType

from greenlight.domain import UserError
from greenlight.signals import strategies
from greenlight.signals.strategy import Strategy


def shipped() -> tuple[str, ...]:
    """Names of the strategies that come with Greenlight."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(strategies.__path__)))


def load_strategy(name_or_path: str | Path) -> Strategy:
    """A shipped strategy by name, or the one strategy of a user's ``.py`` file, read afresh.

    Raises UserError, one line, for an unknown name (with the nearest), a file that cannot be run
    (with the line at fault) and a file with no strategy or several.
    """
    path = Path(name_or_path)
    if path.suffix == ".py" or path.name != str(name_or_path):
        return _from_file(path)
    name = str(name_or_path)
    if name not in shipped():
        hint = _nearest(name, shipped()) or f"shipped are {', '.join(shipped())}."
        raise UserError(f"no strategy {name}; {hint} For your own give the path of its .py file")
    module = importlib.import_module(f"{strategies.__name__}.{name}")
    found: Strategy = getattr(module, name)
    return found


class _Afresh(SourceFileLoader):
    """Compiles the source itself: a stored compilation may be older than the user's last edit."""

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  # importlib's signature
        return self.source_to_code(self.get_data(self.path), self.path)


def _from_file(path: Path) -> Strategy:
    if not path.is_file():
        beside = [file.name for file in path.parent.glob("*.py")]
        hint = _nearest(path.name, beside) or "give the path of a .py file"
        raise UserError(f"no file {path}; {hint}")
    module = _run(path)
    own = {
        item.name: item
        for item in vars(module).values()
        if isinstance(item, Strategy) and item.function.__module__ == module.__name__
    }
    if not own:
        raise UserError(f"{path} holds no strategy: put @strategy(...) above a function of a view")
    if len(own) > 1:
        names = ", ".join(sorted(own))
        raise UserError(f"{path} holds {len(own)} strategies ({names}): keep one a file")
    return replace(next(iter(own.values())), path=path)


def _run(path: Path) -> ModuleType:
    name = f"greenlight_user_{path.stem}"
    loader = _Afresh(name, str(path))
    module = module_from_spec(ModuleSpec(name, loader, origin=str(path)))
    sys.modules[name] = module  # dataclasses and pickle look a class's module up here
    try:
        loader.exec_module(module)
    except SyntaxError as error:
        raise UserError(f"{error.filename}:{error.lineno}: SyntaxError: {error.msg}") from error
    except UserError:
        raise
    except (Exception, SystemExit) as error:  # what a user wrote may raise anything
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == str(path)
        ]
        where = f"{path}:{lines[-1]}" if lines else str(path)
        words = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"{where}: {words}") from error
    return module


def _nearest(name: str, known: tuple[str, ...] | list[str]) -> str | None:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else None
