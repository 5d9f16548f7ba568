"""What a trial can hope for before it starts: the chance that it is ever decided, and how long that takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from busta.trials.gains import Gains
from busta.trials.rule import FUTILE, LOSS, WIN, Rule, decisions

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Prospects", "prospects"]

_DRAWS = 500


@dataclass(frozen=True, slots=True)
class Prospects:
    """Shares of trials by how they end, if the challenger gains so much.

    Attributes:
        gain: Log loss a game by which the challenger is better.
        win: Share that ends with a win by the horizon.
        loss: With a loss.
        futile: As futile, the horizon being reached among it.
        games: Median games of the trials that win; None where none does.
    """

    gain: float
    win: float
    loss: float
    futile: float
    games: int | None


def prospects(past: Gains, rule: Rule, gain: float, *, seed: int = 0) -> Prospects | None:
    """Play the trial on past weeks drawn at random, shifted so that the mean gain is ``gain``.

    The past says only how much weeks differ, not which version is better: to know that is what the trial is for.

    Args:
        past: Gains of the same two versions on games of both walks forward, shape (weeks,).
        rule: Of the trial.
        gain: Log loss a game.
        seed: Of the draws.

    Returns:
        None with fewer than ten weeks that have games.
    """
    rows = np.flatnonzero(past.games)
    if len(rows) < 10:  # noqa: PLR2004
        return None
    length = int(np.ceil(rule.horizon / past.games[rows].mean())) + 1
    drawn = np.random.default_rng(seed).choice(rows, (_DRAWS, length))
    mean = past.gain[rows].sum() / past.games[rows].sum()
    shifted = _drawn(past.less(mean - gain), drawn)
    outcomes, at = decisions(shifted, rule)
    won = outcomes == WIN
    played = np.take_along_axis(np.cumsum(shifted.games, axis=-1), np.maximum(at, 0)[:, None], axis=-1)[:, 0]
    win, loss, futile = (float((outcomes == name).mean()) for name in (WIN, LOSS, FUTILE))
    return Prospects(gain, win, loss, futile, int(np.median(played[won])) if won.any() else None)


def _drawn(gains: Gains, rows: NDArray[np.intp]) -> Gains:
    parts = (gains.games, gains.gain, gains.worst, gains.best)
    return Gains(np.arange(rows.shape[-1]), *(part[rows] for part in parts))
