"""Evidence that may be looked at every day: betting on the challenger with money that is nobody's.

Whoever doubts that the challenger is better, mean gain <= 0, offers a fair game or worse. A capital of 1
that stakes b a nat in every week becomes the product of 1 + b * gain, and on average never grows while the
doubter is right, however the games of a week go together: an e-process (Henzi and Ziegel 2022; Waudby-Smith
and Ramdas 2024). By Ville's inequality it ever reaches 1 / alpha with a chance of at most alpha, so it may
be read at any time. Stakes that do not learn keep that promise also where the gain is no better than 0 only
on average so far and changes its sign in between (Choe and Ramdas 2023), as long as the cap does not bind.

How much to stake: with the truth a share s of the way from champion to challenger in log-odds, the mean gain
is about s - 1/2 of its variance, which is the stake that grows fastest (Kelly 1956). So 1/2 is for a
challenger that is the truth and 1 for one that does not go far enough; half of the capital is put on each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

if TYPE_CHECKING:
    from busta.trials.gains import Gains

__all__ = ["CAP", "STAKES", "log_capital", "log_paths"]

Floats = NDArray[np.float64]

STAKES = (0.5, 1.0)
"""A nat, each with the same share of the capital."""
CAP = 0.9
"""Share of its capital that no stake puts at risk in one week."""


def log_paths(gains: Gains) -> Floats:
    """Logarithm of each stake's capital after each week, shape (stakes, ..., weeks)."""
    limit = CAP / np.maximum(-gains.worst, np.finfo(np.float64).tiny)
    stakes = np.reshape(STAKES, (-1, *[1] * gains.gain.ndim))
    return np.asarray(np.cumsum(np.log1p(np.minimum(stakes, limit) * gains.gain), axis=-1))


def log_capital(gains: Gains) -> Floats:
    """Logarithm of the capital after each week, shape (..., weeks): evidence that the mean gain is above 0.

    Evidence that it is below 0 is that of ``gains.swapped()``, that it is above or below a margin that of
    ``gains.less(margin)``.
    """
    return np.asarray(logsumexp(log_paths(gains), axis=0) - np.log(len(STAKES)))
