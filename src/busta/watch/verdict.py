"""What is found of a champion, as ``busta watch --json`` prints it: a trigger is a word with a reason."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DECAY", "DRIFT", "PREDICTION", "TRIGGERS", "Decay", "FeatureDrift", "PredictionDrift"]

DRIFT, DECAY, PREDICTION = "drift", "decay", "prediction"
TRIGGERS = (DRIFT, DECAY, PREDICTION)
"""Of a retraining: what the champion reads has changed, how well it forecasts, or what it says."""


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How recent games' values of one feature stand against those of the games the champion was trained on.

    Attributes:
        feature: Its name.
        games: Recent games that have it.
        psi: Population stability index; None where there are too few games.
        psi_critical: What it has to reach for an alarm, by the numbers of games, the bins and the features looked at.
        ks: Greatest distance of the two distribution functions (Kolmogorov and Smirnov), or None.
        p: Chance of so much or more by luck, before the features and weeks looked at are counted, or None.
        missing: Share of the recent games that lack it.
        missing_before: The same of the games it is held against.
        outside: Share of the recent games' values that lie out of the range of the games trained on.
        known_age_hours: Hours between the time the value was known and the decision, the median; None where unknown.
        alarm: Whether that is more than luck, all features and weeks counted.
    """

    feature: str
    games: int
    psi: float | None
    psi_critical: float | None
    ks: float | None
    p: float | None
    missing: float
    missing_before: float
    outside: float
    known_age_hours: float | None
    alarm: bool


@dataclass(frozen=True, slots=True)
class PredictionDrift:
    """How recent probabilities stand against those of the champion's walk forward.

    Attributes:
        psi: Population stability index; None where there are too few games.
        psi_critical: What it has to reach for an alarm.
        alarm: Whether that is more than luck, all weeks counted.
    """

    psi: float | None
    psi_critical: float | None
    alarm: bool


@dataclass(frozen=True, slots=True)
class Decay:
    """Whether the champion forecasts worse than when it was chosen.

    Attributes:
        e_value: Evidence that it does; 1 before the first week.
        threshold: What the evidence has to reach, once.
        adwin: Whether ADWIN (Bifet and Gavalda 2007) finds a change of its loss against the closing line's.
        page_hinkley: Whether the test of Page (1954) and Hinkley (1971) does.
        alarm: Whether it does forecast worse.
        since: Day of the first week that said so, or None.
    """

    e_value: float
    threshold: float
    adwin: bool
    page_hinkley: bool
    alarm: bool
    since: str | None
