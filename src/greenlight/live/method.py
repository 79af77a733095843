"""How bars become scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenlight.engine import Rules
from greenlight.scoring import Voice


@dataclass(frozen=True, slots=True)
class Method:
    """Who votes, whether weights are learned, whether odds of winning are told.

    rules: of the symbols of the history, by which past candidates are followed for the odds.
    """

    voices: tuple[Voice, ...]
    rules: Rules
    is_learned: bool = False
    is_calibrated: bool = False

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weights of the voices as given."""
        return np.array([voice.weight for voice in self.voices], dtype=np.float64)
