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
    """Play the trial on past weeks drawn at random, each with a sign drawn at random, and ``gain`` added.

    The past says only how much weeks differ (a wild bootstrap, Liu 1988), not which version is better: to
    know that is what the trial is for.

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
    rng = np.random.default_rng(seed)
    drawn = rng.choice(rows, (_DRAWS, length))
    shifted = _drawn(past, drawn, rng.choice([-1.0, 1.0], drawn.shape)).less(-gain)
    outcomes, at = decisions(shifted, rule)
    won = outcomes == WIN
    played = np.take_along_axis(np.cumsum(shifted.games, axis=-1), np.maximum(at, 0)[:, None], axis=-1)[:, 0]
    win, loss, futile = (float((outcomes == name).mean()) for name in (WIN, LOSS, FUTILE))
    return Prospects(gain, win, loss, futile, int(np.median(played[won])) if won.any() else None)


def _drawn(past: Gains, rows: NDArray[np.intp], sign: NDArray[np.float64]) -> Gains:
    """Those weeks about their mean; either sign has to be within what a week can bring."""
    mean = past.gain.sum() / past.games.sum()
    centred = past.less(mean)
    reach = np.maximum(-centred.worst, centred.best)[rows]
    return Gains(np.arange(rows.shape[-1]), past.games[rows], sign * centred.gain[rows], -reach, reach)
