"""Counting over worlds: shares with their Monte-Carlo interval, means, sums."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Share", "Tally"]

Z = 1.96


@dataclass(frozen=True)
class Share:
    """How many of how many; NaN where there was nothing to count.

    >>> Share(50, 1000).value, round(Share(50, 1000).high, 4)
    (0.05, 0.0653)

    Attributes:
        hits: Counted.
        trials: Out of.
    """

    hits: float
    trials: float

    @property
    def value(self) -> float:
        """The share."""
        return self.hits / self.trials if self.trials else np.nan

    @property
    def low(self) -> float:
        """Lower end of its 95 % interval (Wilson 1927)."""
        return self._end(-1)

    @property
    def high(self) -> float:
        """Upper end."""
        return self._end(1)

    def _end(self, sign: int) -> float:
        if not self.trials:
            return np.nan
        n, p = self.trials, self.value
        half = Z * np.sqrt(p * (1 - p) / n + (Z / n / 2) ** 2)
        return float((p + Z**2 / n / 2 + sign * half) / (1 + Z**2 / n))


@dataclass
class Tally:
    """Sums by name, added up chunk by chunk."""

    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)

    def add(self, **values: ArrayLike) -> None:
        """Add the entries of each array; NaN is not counted."""
        for name, given in values.items():
            array = np.asarray(given, dtype=np.float64)
            self.sums[name] = self.sums.get(name, 0.0) + float(np.nansum(array))
            self.counts[name] = self.counts.get(name, 0.0) + float(np.sum(~np.isnan(array)))

    def share(self, name: str) -> Share:
        """Of entries that were true."""
        return Share(self.sums.get(name, 0.0), self.counts.get(name, 0.0))

    def mean(self, name: str) -> float:
        """Of all entries; NaN where there were none."""
        return self.share(name).value
