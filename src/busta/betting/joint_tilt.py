"""The smallest change of a distribution that makes three bets as likely as three models say.

Of all distributions that meet linear constraints, the one nearest to a given one in Kullback-Leibler
divergence is the given one times exp(sum of multiplier * constraint): its I-projection (Csiszar 1975).
The multipliers are the least point of a convex function of as many numbers as there are constraints.
Each constraint here depends only on whether margin and total lie below, on or above a line, so the
search needs 27 masses a game, whatever the number of scores.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["factors", "tilts"]

Floats = NDArray[np.float64]

TOLERANCE = 1e-13  # of win and lose, weighed against each other
MOST_STEPS = 200
HALVINGS = 40
LONGEST = 2.0  # of a Newton step: the curvature holds near where it was measured only
RIDGE = 1e-14


def tilts(masses: Floats, probability: Floats, limit: float) -> Floats:
    """The multipliers of the three constraints win / (win + lose) = probability.

    The second one, the spread's, is held within the limit: where it would have to be larger, or where
    none would do, the first and third are met and the second as nearly as the limit lets it be.

    Args:
        masses: Of each game, by below (0), on (1) or above (2) the line of each constraint, shape
            (n, 3, 3, 3). The lines of the first and second are of one quantity, so some are 0.
        probability: Given no push, shape (n, 3), strictly between 0 and 1; NaN where there is no constraint.
        limit: Of the second multiplier: the log of how far the densities above and below its line
            are pulled apart.

    Returns:
        Shape (n, 3), 0 where there is no constraint; what a game gets does not depend on the others.
    """
    found = np.zeros(probability.shape)
    with np.errstate(divide="ignore"):
        log_masses = np.log(masses.reshape(-1, 27))
    pulls = _pulls(probability)
    bound = np.array([np.inf, limit, np.inf])
    moving = np.flatnonzero(~np.isnan(log_masses).any(axis=1))
    for _ in range(MOST_STEPS):
        if not moving.size:
            break
        found[moving], done = _step(log_masses[moving], pulls[moving], found[moving], bound)
        moving = moving[~done]
    return found


def factors(probability: Floats, multiplier: Floats, side: Floats) -> Floats:
    """What a constraint multiplies each integer by: shape (n, k) for sides -1, 0, 1 of that shape."""
    p = np.nan_to_num(probability)[:, None]
    pull = np.where(side > 0, 1 - p, np.where(side < 0, -p, 0.0))
    scaled: Floats = np.exp(multiplier[:, None] * pull)
    return scaled


def _pulls(probability: Floats) -> Floats:
    """The constraints at the 27 masses, shape (n, 3, 27): 1 - p where the bet wins, -p where it loses, else 0."""
    missing = np.isnan(probability)
    p = np.where(missing, 0.0, probability)
    lose, win = np.where(missing, 0.0, -p), np.where(missing, 0.0, 1 - p)
    sides = np.stack((lose, np.zeros_like(p), win), axis=2)
    pulls = np.empty((len(p), 3, 3, 3, 3))
    pulls[:, 0] = sides[:, 0, :, None, None]
    pulls[:, 1] = sides[:, 1, None, :, None]
    pulls[:, 2] = sides[:, 2, None, None, :]
    return pulls.reshape(-1, 3, 27)


def _step(log_masses: Floats, pulls: Floats, at: Floats, bound: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """One projected Newton step (Bertsekas 1982), and which games needed none."""
    height, share = _dual(log_masses, pulls, at)
    weighed = pulls * share[:, None]
    slope = weighed.sum(axis=2)
    held = ((at >= bound) & (slope < 0)) | ((at <= -bound) & (slope > 0))
    slope = np.where(held, 0.0, slope)
    done = np.abs(slope).max(axis=1) < TOLERANCE
    curve = (weighed[:, :, None] * pulls[:, None]).sum(axis=3) - slope[:, :, None] * slope[:, None]
    curve = np.where(held[:, :, None] | held[:, None], 0.0, curve) + np.eye(3) * np.where(held, 1.0, RIDGE)[:, None]
    step = -np.linalg.solve(curve, slope[..., None])[..., 0]
    step *= np.minimum(1.0, LONGEST / np.maximum(np.abs(step).max(axis=1), LONGEST))[:, None]
    to = _downhill(log_masses, pulls, at, step, bound, height)
    return np.where(done[:, None], at, to), done


def _downhill(log_masses: Floats, pulls: Floats, at: Floats, step: Floats, bound: Floats, height: Floats) -> Floats:
    """The end of the step, halved until it is no higher than its start."""
    length = np.ones(len(at))
    for _ in range(HALVINGS):
        to = np.clip(at + length[:, None] * step, -bound, bound)
        higher = _dual(log_masses, pulls, to)[0] > height + RIDGE
        if not higher.any():
            break
        length = np.where(higher, length / 2, length)
    return to


def _dual(log_masses: Floats, pulls: Floats, at: Floats) -> tuple[Floats, Floats]:
    """The log of the tilted masses' sum, the least of which is sought, and their shares of it."""
    tilted = log_masses + (at[:, :, None] * pulls).sum(axis=1)
    top = tilted.max(axis=1, keepdims=True)
    share = np.exp(tilted - top)
    total = share.sum(axis=1, keepdims=True)
    return (top + np.log(total))[:, 0], share / total
