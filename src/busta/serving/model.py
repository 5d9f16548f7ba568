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
from busta.serving.alone import Alone
from busta.serving.trees import Trees

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

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
        self._alone = Alone(portable)
        self._distribution = Discretised.from_dict(portable.spec["distribution"])
        self._pushes: dict[float, list[float]] = {}
        self._place = {name: i for i, name in enumerate(portable.features)}

    def ask(self, asked: Sequence[Asked]) -> list[dict[str, Any]]:
        """Win, push and lose of the first side, with the features that were missing.

        Raises:
            UsageError: A feature the model does not know, no line where it needs one, or a price that is none.
        """
        rows = [self._row(each.features) for each in asked]
        offsets, lines = [self._offset(each) for each in asked], [self._line(each) for each in asked]
        if len(asked) == 1:
            log_odds = self._alone.log_odds(rows[0], offsets[0], lines[0])
        else:
            log_odds = self.portable.log_odds(np.array(rows), np.array(offsets), np.array(lines))
        chances = np.atleast_1d(expit(log_odds)).tolist()
        names = self.portable.features
        return [
            self._answer(chance, each, line, [name for name in names if each.features.get(name) is None])
            for chance, each, line in zip(chances, asked, lines, strict=True)
        ]

    def _row(self, features: Mapping[str, float | None]) -> list[float]:
        row = [math.nan] * len(self._place)
        for name, value in features.items():
            place = self._place.get(name)
            if place is not None:
                row[place] = math.nan if value is None else value
            elif name not in (OFFSET, LINE):
                raise UsageError(
                    f"{self.about['market']} knows no feature {name!r}; "
                    f"it reads: {', '.join((*self.portable.features, OFFSET, LINE))}"
                )
        return row

    def _offset(self, asked: Asked) -> float:
        """The market's log-odds, as they are told or as the prices have them."""
        if not self.portable.anchored:
            return 0.0
        told = asked.features.get(OFFSET)
        if told is None and asked.prices is None:
            raise UsageError(
                f"{self.about['market']} starts from the market: give both prices, or {OFFSET} among the features"
            )
        return _start(asked.prices, self.about["vig_method"]) if told is None else told

    def _line(self, asked: Asked) -> float:
        if not self.about["has_line"]:
            return 0.0
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
