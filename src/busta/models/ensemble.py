"""Members fitted together, averaged in log-odds, with weights learned on earlier folds only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from busta.errors import DataError
from busta.models.boosting import OffsetBoosting
from busta.models.distribution import fit_distribution
from busta.models.linear import OffsetLogistic
from busta.models.portable import blend, calibrated

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from busta.betting.distribution import Discretised
    from busta.markets.dataset import Dataset
    from busta.settings import Train

__all__ = ["MEMBERS", "Fitted", "fit", "fit_weights"]

MEMBERS = ("linear", "boosting")
NO_CALIBRATION = {"slope": 1.0, "intercept": 0.0}
_SHRINKAGE = 25.0


@dataclass(frozen=True)
class Fitted:
    """An ensemble that has learned.

    Attributes:
        linear: The linear member.
        boosting: The boosted member.
        weights: One a member, at least 0, summing to 1.
        distribution: Of the margin or total around its mean; gives pushes.
    """

    linear: OffsetLogistic
    boosting: OffsetBoosting
    weights: NDArray[np.float64]
    distribution: Discretised

    def member_log_odds(self, X: NDArray[np.float64], offset: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each member's log-odds, shape (games, members)."""
        return np.stack([self.linear.log_odds(X, offset), self.boosting.log_odds(X, offset)], axis=1)

    def log_odds(self, X: NDArray[np.float64], offset: NDArray[np.float64]) -> NDArray[np.float64]:
        """The ensemble's log-odds of the first side given no push."""
        return np.asarray(calibrated(blend(self.member_log_odds(X, offset), self.weights), NO_CALIBRATION))

    def write(self, folder: Path, about: dict[str, Any]) -> None:
        """Writes the model as ``busta.models.portable`` reads it; ``about`` adds what it is a model of."""
        members = [self.linear.to_dict(), self.boosting.to_dict()]
        for member, weight in zip(members, self.weights.tolist(), strict=True):
            member["weight"] = weight
        spec = about | {
            "format": 1,
            "members": members,
            "calibration": NO_CALIBRATION,
            "distribution": self.distribution.to_dict(),
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.json").write_text(json.dumps(spec, indent=1))
        self.boosting.booster_.save_model(folder / "boosting.ubj")


def fit(data: Dataset, rows: NDArray[np.int64], settings: Train, weights: NDArray[np.float64]) -> Fitted:
    """Fits all members on those games of the table; a push teaches the distribution only.

    Raises:
        DataError: No games, or all with the same outcome.
    """
    decided = rows[~np.isnan(data.y[rows])]
    X, y, offset = data.X[decided], data.y[decided], data.offset[decided]
    if not decided.size or y.min() == y.max():
        raise DataError(
            f"{data.market.name}: cannot learn from {decided.size} games "
            "whose outcomes are all the same; more results are needed"
        )
    members = settings.blind if data.blind else settings.anchored
    y = _target(y, data.market_log_odds[decided], members.line_share)
    linear = OffsetLogistic(**members.linear.model_dump(), intercept=True)
    boosting = OffsetBoosting(**members.boosting.model_dump(), seed=settings.seed, intercept=data.blind)
    return Fitted(linear.fit(X, y, offset), boosting.fit(X, y, offset), weights, fit_distribution(data, rows))


def _target(y: NDArray[np.float64], market_log_odds: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Outcomes blended with what the market said of the same past games.

    One game's outcome says little of its probability, its closing price says much: a blind model
    learns faster from both (distillation; Hinton, Vinyals & Dean 2015). A game without a price keeps
    its outcome alone.
    """
    return np.where(np.isnan(market_log_odds), y, (1 - share) * y + share * expit(market_log_odds))


def fit_weights(member_log_odds: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of the members on games they had not seen: least log loss, shrunk to equal weights.

    Args:
        member_log_odds: Out-of-fold log-odds, shape (games, members).
        y: 0 or 1, shape (games,). With no games all members weigh the same.

    Returns:
        Weights of at least 0 that sum to 1, shape (members,).
    """
    count = member_log_odds.shape[1]
    equal = np.full(count, 1.0 / count)
    if not y.size:
        return equal

    def loss(weights: NDArray[np.float64]) -> float:
        blended = blend(member_log_odds, weights)
        return float(
            np.logaddexp(0.0, np.where(y > 0, -blended, blended)).sum() + _SHRINKAGE * ((weights - equal) ** 2).sum()
        )

    found = minimize(
        loss,
        equal,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1.0},
    )
    weights = np.clip(found.x, 0.0, 1.0)
    return np.asarray(weights / weights.sum(), dtype=np.float64)
