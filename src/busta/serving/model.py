"""A registered model that answers for features given to it: the stored data, run by `models.portable`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit

from busta.betting.distribution import Discretised
from busta.betting.odds import remove_vig
from busta.errors import UsageError
from busta.models.portable import LINE, OFFSET, PortableModel
from busta.serving.trees import Trees

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Asked", "Served", "read_model"]

FAR, STEP = 9.0, 0.005
GRID = np.linspace(-FAR, FAR, 3601)
"""Log-odds at which a line's pushes are tabulated; between them they are read off straight lines, to 2e-7."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Features of a game that no store has to know.

    Attributes:
        features: By their names; one that is left out or ``None`` is missing. The market's log-odds may stand among
            them under the name the registered model knows them by, ``market_log_odds``, and the line as ``line``.
        line: Whole or half, in points; ``None`` where the market has none.
        prices: Decimal odds of both sides, or ``None``.
    """

    features: Mapping[str, float | None]
    line: float | None = None
    prices: tuple[float, float] | None = None


class Served:
    """One version of a market's model.

    Attributes:
        portable: The model, with trees of treelite.
        about: What the version is: market, sides, number, how its prices were freed of their vig.
    """

    def __init__(self, portable: PortableModel, about: Mapping[str, Any]) -> None:
        self.portable = portable
        self.about = about
        self._distribution = Discretised.from_dict(portable.spec["distribution"])
        self._pushes: dict[float, list[float]] = {}
        self._place = {name: i for i, name in enumerate(portable.features)}

    def ask(self, asked: Sequence[Asked]) -> list[dict[str, Any]]:
        """Win, push and lose of the first side, with the features that were missing.

        Raises:
            UsageError: A feature the model does not know, no line where it needs one, or a price that is none.
        """
        X = np.full((len(asked), len(self._place)), np.nan)
        for row, each in enumerate(asked):
            self._fill(X[row], each.features)
        offset, line = self._offsets(asked), self._lines(asked)
        p = expit(self.portable.log_odds(X, offset, line))
        names = self.portable.features
        return [
            self._answer(chance, each, at, [name for name in names if each.features.get(name) is None])
            for chance, each, at in zip(p.tolist(), asked, line.tolist(), strict=True)
        ]

    def _fill(self, row: Floats, features: Mapping[str, float | None]) -> None:
        for name, value in features.items():
            place = self._place.get(name)
            if place is not None:
                row[place] = np.nan if value is None else value
            elif name not in (OFFSET, LINE):
                raise UsageError(
                    f"{self.about['market']} knows no feature {name!r}; "
                    f"it reads: {', '.join((*self.portable.features, OFFSET, LINE))}"
                )

    def _offsets(self, asked: Sequence[Asked]) -> Floats:
        """The market's log-odds, as they are told or as the prices have them."""
        if not self.portable.anchored:
            return np.zeros(len(asked))
        found = np.empty(len(asked))
        for row, each in enumerate(asked):
            told = each.features.get(OFFSET)
            if told is None and each.prices is None:
                raise UsageError(
                    f"{self.about['market']} starts from the market: give both prices, or {OFFSET} among the features"
                )
            found[row] = _start(each.prices, self.about["vig_method"]) if told is None else told
        return found

    def _lines(self, asked: Sequence[Asked]) -> Floats:
        if not self.about["has_line"]:
            return np.zeros(len(asked))
        return np.array([self._line(each) for each in asked])

    def _line(self, asked: Asked) -> float:
        line = asked.features.get(LINE) if asked.line is None else asked.line
        if line is None:
            raise UsageError(f"{self.about['market']} is a bet at a line; give line, in whole or half points")
        if 2 * line != round(2 * line):
            raise UsageError(f"line {line:g} is neither whole nor half")
        return line

    def _answer(self, p: float, asked: Asked, line: float, missing: list[str]) -> dict[str, Any]:
        push = self._push(p, line)
        return {
            "market": self.about["market"],
            "side": self.about["sides"][0],
            "line": line if self.about["has_line"] else None,
            "prices": asked.prices,
            "probability": {"win": p * (1 - push), "push": push, "lose": (1 - p) * (1 - push)},
            "given_no_push": p,
            "missing": missing,
            "model_version": self.about["version"],
        }

    def _push(self, p: float, line: float) -> float:
        """The chance of a push, as the distribution of the version has it: see `Discretised.split`."""
        low, high = self._distribution.low, self._distribution.high
        if line != round(line) or not low < line < high:
            return 0.0
        if line not in self._pushes:  # at most as many lines as the distribution has integers
            self._pushes[line] = self._distribution.split(expit(GRID), line)[:, 1].tolist()
        at = math.log(p / (1 - p)) if 0 < p < 1 else math.inf
        if not abs(at) < FAR:
            return float(self._distribution.split(p, line)[0, 1])
        place, beyond = divmod((at + FAR) / STEP, 1.0)
        below, above = self._pushes[line][int(place) : int(place) + 2]
        return below + beyond * (above - below)


@lru_cache(4096)
def _start(prices: tuple[float, float] | None, method: str) -> float:
    """Log-odds of the first side, freed of the vig; the same prices come again and again."""
    return float(logit(remove_vig(prices or (), method)[0]))


def read_model(folder: Path, about: Mapping[str, Any]) -> Served:
    """The model in that folder.

    Raises:
        ValueError: It is of another format, or cut.
        OSError: A file is gone.
    """
    portable = PortableModel.read(folder, Trees)
    for member in portable.spec["members"]:  # lists become arrays once, not at every request
        member |= {name: np.asarray(value) for name, value in member.items() if isinstance(value, list)}
    return Served(portable, about)
