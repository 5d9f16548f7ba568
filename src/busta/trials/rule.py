"""What a trial declares before its first game, and what the evidence so far decides by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.errors import UsageError
from busta.performance.significance.eprocess import threshold
from busta.trials.evidence import log_capital
from busta.trials.sequence import mean_gain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.trials.gains import Gains

    Floats = NDArray[np.float64]

__all__ = ["FUTILE", "LOSS", "RUNNING", "WIN", "Decision", "Rule", "decide", "decisions"]

WIN, LOSS, FUTILE, RUNNING = "win", "loss", "futile", "running"


@dataclass(frozen=True, slots=True)
class Rule:
    """Declared with a trial, and not changed while it runs.

    Attributes:
        level: Chance that a challenger that is no better is called better: this trial's part of a lifetime's alpha.
        alpha: The same of a champion that is no better: a challenger's loss needs no lifetime.
        beta: Chance that a challenger that is better by the margin is given up because it seems not to be.
        margin: Log loss a game that a challenger has to gain to be worth a trial.
        horizon: Games after which a trial that is not decided ends.
    """

    level: float
    alpha: float
    beta: float
    margin: float
    horizon: int

    def __post_init__(self) -> None:
        if not all(0 < share < 1 for share in (self.level, self.alpha, self.beta)):
            raise UsageError(f"levels {self.level}, {self.alpha} and {self.beta}; a level is between 0 and 1")
        if not self.margin > 0 or self.horizon < 1:
            raise UsageError(f"margin {self.margin} and horizon {self.horizon}; both are above 0")


@dataclass(frozen=True, eq=False)
class Decision:
    """What is known of a trial.

    Attributes:
        outcome: ``win``, ``loss``, ``futile`` or ``running``.
        reason: Why, in words.
        at: Position of the deciding week, or None.
        log_e_value: Logarithm of the evidence that the challenger is better, shape (weeks,); that of the
            other attributes likewise.
        log_e_value_worse: That it is worse.
        log_e_value_futile: That it is not better by the margin.
        low: Lower end of the mean gain's confidence sequence.
        high: Upper end.
    """

    outcome: str
    reason: str
    at: int | None
    log_e_value: Floats
    log_e_value_worse: Floats
    log_e_value_futile: Floats
    low: Floats
    high: Floats


def decide(gains: Gains, rule: Rule) -> Decision:
    """Go through one trial's weeks to the first that decides it; what was played later is not looked at.

    Args:
        gains: Of one trial, shape (weeks,).
        rule: As it was declared.
    """
    outcomes, places = decisions(gains, rule)
    outcome, at = str(outcomes), int(places)
    gains = gains.until(at + 1 if at >= 0 else len(gains))
    paths = _paths(gains, rule.margin)
    low, high = mean_gain(gains)
    games = int(gains.games.sum())
    reason = _REASONS[outcome].format(games=games, rule=rule)
    if outcome == FUTILE and not (paths[2][-1:] >= threshold(rule.beta)).any():
        reason = f"undecided after {games} games; the horizon was {rule.horizon}"
    return Decision(outcome, reason, at if at >= 0 else None, *paths, low, high)


def decisions(gains: Gains, rule: Rule) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """How each of many trials ends, and in which week: shape (...) both, ``running`` and -1 where none does.

    Of what a week decides at once a win comes before a loss, a loss before futility.
    """
    better, worse, short = _paths(gains, rule.margin)
    over = np.cumsum(gains.games, axis=-1) >= rule.horizon
    won, lost = better >= threshold(rule.level), worse >= threshold(rule.alpha)
    futile = (short >= threshold(rule.beta)) | over
    ends = won | lost | futile
    if not len(gains):
        return np.full(ends.shape[:-1], RUNNING), np.full(ends.shape[:-1], -1)
    at = np.argmax(ends, axis=-1)
    first = [np.take_along_axis(part, at[..., None], axis=-1)[..., 0] for part in (won, lost, futile)]
    return np.select(first, [WIN, LOSS, FUTILE], RUNNING), np.where(ends.any(axis=-1), at, -1)


def _paths(gains: Gains, margin: float) -> tuple[Floats, Floats, Floats]:
    """Evidence that the challenger is better, that it is worse, and that it is not better by the margin."""
    return log_capital(gains), log_capital(gains.swapped()), log_capital(gains.less(margin).swapped())


_REASONS = {
    WIN: "the challenger forecasts better: evidence reached 1 / {rule.level:.3g} after {games} games",
    LOSS: "the challenger forecasts worse: evidence reached 1 / {rule.alpha:.3g} after {games} games",
    FUTILE: "the challenger is not better by {rule.margin:g}: evidence reached 1 / {rule.beta:.3g} after {games} games",
    RUNNING: "undecided after {games} games of {rule.horizon}",
}
