"""What a strategy is: one pure function of a View, with its promises beside it."""

import inspect
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import UserError
from greenlight.indicators import REGIME_LOOKBACK, Regime
from greenlight.indicators import regimes as regimes_of
from greenlight.market import View
from greenlight.signals.parameters import Parameter, Value, resolve

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: A vote may miss [-1, 1] by rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Strategy:
    """A voice: `function(view, **parameters)` gives a signed confidence in [-1, 1] for each bar.

    `lookback` bars, a number or a function of parameters by name, are all the function needs to
    know for the vote of the last of them; the bars before are its warm-up. `regimes`: where it
    votes; None: everywhere. `unchecked(view, **parameters)` flags bars on which a condition of the
    idea could not be checked. `stacks`: it asks a view for nothing but bars, facts, references and
    sector, and no price is large or small to it, so that it can be asked about many symbols at
    once (market.Stack). `path` is the user's file, None for a shipped strategy; `chosen` are
    parameters that differ from their defaults.
    """

    name: str
    function: Callable[..., object]
    lookback: int | Callable[..., int]
    regimes: frozenset[Regime] | None
    parameters: Mapping[str, Parameter]
    lookback_of: tuple[str, ...] = ()
    unchecked_rule: Callable[..., Flags] | None = None
    stacks: bool = False
    path: Path | None = None
    chosen: Mapping[str, Value] = field(default_factory=dict)

    def settings(self, given: Mapping[str, Value] | None = None) -> dict[str, Value]:
        """Each parameter's value: given, else chosen, else its default.

        Raises UserError, with what there is, for an unknown name or a value out of range.
        """
        return resolve(self.name, self.parameters, {**self.chosen, **(given or {})})

    def tuned(self, given: Mapping[str, Value]) -> "Strategy":
        """The same strategy with other values than the defaults. Raises UserError as `settings`."""
        return replace(self, chosen=self.settings(given))

    def bars_needed(self, **parameters: Value) -> int:
        """The declared look-back, at least the regime's where the strategy asks for one.

        A vote depends on no more than this many bars, and there is none before there are as many.
        """
        own = self.own_bars(**parameters)
        return own if self.regimes is None else max(own, REGIME_LOOKBACK)

    def own_bars(self, **parameters: Value) -> int:
        """The declared look-back: what the function itself looks back at, the regime apart."""
        settings = self.settings(parameters)
        own: object = self.lookback
        if callable(self.lookback):
            wanted = {name: settings[name] for name in self.lookback_of}
            own = self._called(self.lookback, **wanted)
        if isinstance(own, bool) or not isinstance(own, int) or own < 1:
            raise UserError(f"{self._place()}: look-back {own!r} is not a number of bars from 1 up")
        return own

    def votes(self, view: View, **parameters: Value) -> F32:
        """Votes of shape T; 0 in the warm-up and out of the strategy's regimes.

        Raises UserError, one line with file, line and reason, where the function raises, or gives
        another shape, a NaN after the warm-up or a vote out of [-1, 1].
        """
        settings = self.settings(parameters)
        needed = self.bars_needed(**parameters)
        votes = np.zeros(view.count, dtype=np.float32)
        if view.count < needed:
            return votes
        result = self._called(self.function, view, **settings)
        votes[needed - 1 :] = self._checked(result, view, np.arange(needed - 1, view.count))
        if self.regimes is not None and np.any(votes):
            may_vote = np.array([one in self.regimes for one in Regime])
            votes[~may_vote[regimes_of(view.close)]] = 0.0
        return votes

    def votes_at(self, view: View, bars: I64, settings: Mapping[str, Value]) -> F32:
        """Votes of some bars of the view, each with `own_bars` behind it, whatever the regime.

        settings: of every parameter, as `settings` gives them. Raises UserError as `votes`.
        """
        result = self._called(self.function, view, **settings)
        return self._checked(result, view, bars).astype(np.float32)

    def unchecked(self, view: View, **parameters: Value) -> Flags:
        """Bars (T) on which some condition of the idea could not be checked for want of facts."""
        if self.unchecked_rule is None:
            return np.zeros(view.count, dtype=np.bool_)
        return self.unchecked_rule(view, **self.settings(parameters))

    def _called(self, function: Callable[..., object], *view: View, **settings: Value) -> object:
        try:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                return function(*view, **settings)
        except UserError as error:  # it says itself what is wrong
            raise UserError(f"{self.name}: {error}") from error
        except (Exception, SystemExit) as error:  # what a user wrote may raise anything
            words = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(":")
            on = "".join(f" on {one.symbol}" for one in view)
            raise UserError(f"{self._place(error)}{on}: {words}") from error

    def _checked(self, result: object, view: View, bars: I64) -> NDArray[np.float64]:
        """The votes of these bars, all after the warm-up."""
        if result is None:
            raise self._refusal(view, "gave nothing; return a number for each bar")
        try:
            votes = np.asarray(result, dtype=np.float64)
        except (TypeError, ValueError):
            words = f"gave {type(result).__name__}, not a number a bar"
            raise self._refusal(view, words) from None
        if votes.shape != (view.count,):
            raise self._refusal(view, f"gave shape {votes.shape} for {view.count} bars")
        late = votes[bars]
        for wrong, words in (
            (np.isnan(late), f"is NaN after its look-back of {int(bars[0]) + 1} bars"),
            (np.abs(late) > 1.0 + _ROUNDING, "is not in [-1, 1]"),
        ):
            if np.any(wrong):
                bar = int(bars[np.argmax(wrong)])
                day = np.datetime64(int(view.session[bar]), "D")
                raise self._refusal(view, f"vote {votes[bar]:g} of bar {bar} ({day}) {words}")
        return np.clip(late, -1.0, 1.0)

    def _refusal(self, view: View, words: str) -> UserError:
        return UserError(f"{self._place()} on {view.symbol}: {words}")

    def check_declaration(self, arguments: Collection[str]) -> None:
        """Raise UserError where `arguments` after the view, defaults or look-back do not fit."""
        declared = ", ".join(self.parameters) or "none"
        for wanted, what in ((arguments, "takes"), (self.lookback_of, "has a look-back of")):
            for name in wanted:
                if name not in self.parameters:
                    raise UserError(f"{self._place()} {what} {name}, but declares {declared}")
        for name in self.parameters:
            if name not in arguments:
                raise UserError(f"{self._place()} declares {name}, but does not take it")
        defaults = {name: parameter.default for name, parameter in self.parameters.items()}
        resolve(self._place(), self.parameters, defaults)
        self.bars_needed()

    def _place(self, error: BaseException | None = None) -> str:
        """File, line and name: the deepest line of the strategy's own file that led to `error`."""
        code = inspect.unwrap(self.function).__code__
        line = code.co_firstlineno
        for frame in traceback.extract_tb(None if error is None else error.__traceback__):
            if frame.filename == code.co_filename and frame.lineno is not None:
                line = frame.lineno
        file = Path(code.co_filename).name if self.path is None else self.path
        return f"{file}:{line}: {self.name}"


def strategy(
    *,
    lookback: int | Callable[..., int],
    regimes: Collection[Regime] | None = None,
    unchecked: Callable[..., Flags] | None = None,
    stacks: bool = False,
    **parameters: Parameter,
) -> Callable[[Callable[..., object]], Strategy]:
    """Make a function of a View a strategy.

    Its arguments after the view are the declared `parameters`, by name. Raises UserError where the
    two differ, or a default lies out of its range.

    >>> @strategy(lookback=lambda slow: slow, fast=Integer(10, 5, 50), slow=Integer(50, 20, 200))
    ... def sma_cross(view: View, fast: int, slow: int) -> F64:
    ...     return np.sign(sma(view.close, fast) - sma(view.close, slow))
    """

    def decorate(function: Callable[..., object]) -> Strategy:
        voice = Strategy(
            name=function.__name__,
            function=function,
            lookback=lookback,
            regimes=None if regimes is None else frozenset(regimes),
            parameters=parameters,
            lookback_of=tuple(inspect.signature(lookback).parameters) if callable(lookback) else (),
            unchecked_rule=unchecked,
            stacks=stacks,
        )
        voice.check_declaration(list(inspect.signature(function).parameters)[1:])
        return voice

    return decorate
