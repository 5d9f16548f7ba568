"""A slate: all that is served of one league's games by models of one kind, made ahead and never changed.

Whoever has MLflow and the gold store makes one (`Slate` in memory, then `write`); servers only read files:

    about.json            which league, kind, versions and gold store; what was left out, and why
    games.json            the games, a row of the joint each
    joint.*.npy           the joint distribution of margin and total
    MARKET/answers        a line a game: its id, a tab, the prediction as JSON
    MARKET/*.npy          what its forecasts are the sum of
    MARKET/model/         the model, for features that are given
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.betting.joint import Joint
from busta.models.explain import Explanation, as_parts
from busta.serving.board import Board, notes, priced
from busta.serving.model import Served, read_model
from busta.serving.state import FORMAT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from busta.models.portable import PortableModel

    Floats = NDArray[np.float64]

__all__ = ["Answers", "Forecasts", "Slate", "read", "write"]

EXPLAINED = ("values", *(each.name for each in fields(Explanation)), "log_odds")
QUOTED = ("line", "prices", "seen")


@dataclass(frozen=True, eq=False)
class Forecasts:
    """What one version says of all games, to be written.

    Attributes:
        about: What the version is.
        model: Its model.
        rows: Predictions as `busta predict` prints them, a game each.
        games: Ids of the games that have a line, a row of each array.
        arrays: ``line``, ``prices``, ``seen``, ``values`` of the features, an `Explanation`'s parts and ``log_odds``.
    """

    about: Mapping[str, Any]
    model: PortableModel
    rows: Sequence[Mapping[str, Any]]
    games: Sequence[str]
    arrays: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Answers:
    """What one version says, as it is served.

    Attributes:
        about: What the version is.
        predictions: JSON by game id.
        model: For features that are given.
    """

    about: Mapping[str, Any]
    predictions: Mapping[str, bytes]
    model: Served
    _place: Mapping[str, int]
    _arrays: Mapping[str, NDArray[Any]]

    def quoted(self, game: str) -> tuple[float, Floats]:
        """Line and prices of both sides, NaN where there are none."""
        row = self._place.get(game, -1)
        return (
            (float(self._arrays["line"][row]), self._arrays["prices"][row])
            if row >= 0
            else (np.nan, np.full(2, np.nan))
        )

    def seen(self, game: str) -> bool:
        """Whether the version has learned from the game."""
        row = self._place.get(game, -1)
        return row >= 0 and bool(self._arrays["seen"][row])

    def explained(self, game: str) -> dict[str, Any] | None:
        """What the forecast is the sum of; ``None`` where there is none."""
        row = self._place.get(game, -1)
        if row < 0 or np.isnan(self._arrays["log_odds"][row]) or np.isnan(self._arrays["market"][row]):
            return None
        final = float(self._arrays["log_odds"][row])
        return {
            "side": self.about["sides"][0],
            "line": float(self._arrays["line"][row]) if self.about["has_line"] else None,
            "out_of_fold": self.seen(game),
            "probability": float(1 / (1 + np.exp(-final))),
            "log_odds": final,
            **as_parts(self.model.portable.features, self._arrays["values"], self._arrays, row, final),
        }


@dataclass(frozen=True, eq=False)
class Slate:
    """What is served of one league's games by models of one kind.

    Attributes:
        about: ``league``, ``information``, ``price``, ``gold_version``, ``made_at``, ``missing`` markets …
        games: ``game_id``, ``season``, ``week``, ``day`` (in the league's own zone), ``kickoff``, teams and scores.
        markets: What is said of them, by market.
        joint: The distribution of margin and total of each; ``None`` where no model of either is there.
    """

    about: Mapping[str, Any]
    games: Sequence[Mapping[str, Any]]
    markets: Mapping[str, Answers]
    joint: Joint | None

    @cached_property
    def place(self) -> Mapping[str, int]:
        """The row of each game."""
        return {game["game_id"]: row for row, game in enumerate(self.games)}

    @cached_property
    def rounds(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The games of each week (``2022-18``) and of each day (``2022-11-13``)."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for game in self.games:
            found.setdefault(f"{game['season']}-{game['week']:02d}", []).append(game)
            found.setdefault(game["day"], []).append(game)
        return found

    @cached_property
    def head(self) -> bytes:
        """How every answer from it begins."""
        told = {name: self.about[name] for name in ("league", "information", "price", "gold_version")}
        return json.dumps(told | {"versions": self.versions}).encode()[:-1] + b', "predictions":['

    @property
    def versions(self) -> dict[str, str]:
        """The version of each market."""
        return {name: answers.about["version"] for name, answers in self.markets.items()}

    def price(self, game: str, spreads: Sequence[float], totals: Sequence[float]) -> dict[str, Any] | None:
        """Every bet on the game's margin and total; ``None`` where nothing is known of them."""
        row = self.place[game]
        if self.joint is None or np.isnan(self.joint.margin[row, 0]):
            return None
        teams = {name: self.games[row][name] for name in ("game_id", "home_team", "away_team")}
        quotes = {name: answers.quoted(game) for name, answers in self.markets.items()}
        board = Board(teams, self.joint.take(np.array([row])), quotes)
        return {
            **teams,
            "out_of_fold": any(answers.seen(game) for answers in self.markets.values()),
            "moved": board.moved,
            **priced(board, spreads, totals),
            "notes": notes(board, self.about["missing"]),
        }


def write(
    folder: Path,
    about: Mapping[str, Any],
    games: Sequence[Mapping[str, Any]],
    markets: Mapping[str, Forecasts],
    joint: Joint | None,
) -> None:
    """Writes a slate's files into an empty folder."""
    versions = {name: dict(forecasts.about) for name, forecasts in markets.items()}
    _json(folder / "about.json", {"format": FORMAT, **about, "markets": versions, "joint": joint is not None})
    _json(folder / "games.json", games)
    for each in fields(Joint) if joint else ():
        np.save(folder / f"joint.{each.name}.npy", getattr(joint, each.name))
    for name, forecasts in markets.items():
        place = folder / name
        place.mkdir()
        lines = (
            f"{row['game_id']}\t{json.dumps(row, ensure_ascii=False, allow_nan=False)}\n" for row in forecasts.rows
        )
        (place / "answers").write_text("".join(lines), encoding="utf-8")
        _json(place / "games.json", list(forecasts.games))
        for array in (*QUOTED, *EXPLAINED):
            np.save(place / f"{array}.npy", forecasts.arrays[array])
        forecasts.model.write(place / "model")


def read(folder: Path) -> Slate:
    """The slate in that folder.

    Raises:
        ValueError: It is cut, or another version of busta wrote it.
        OSError: A file is gone.
    """
    about = json.loads((folder / "about.json").read_bytes())
    if about.get("format") != FORMAT:
        raise ValueError(f"{folder} is of format {about.get('format')}, this reads {FORMAT}")
    joint = None
    if about["joint"]:
        joint = Joint(
            **{each.name: np.load(folder / f"joint.{each.name}.npy", mmap_mode="r") for each in fields(Joint)}
        )
    games = json.loads((folder / "games.json").read_bytes())
    markets = {name: _answers(folder / name, version) for name, version in about["markets"].items()}
    return Slate(about, games, markets, joint)


def _answers(folder: Path, about: Mapping[str, Any]) -> Answers:
    lines = (line.split(b"\t", 1) for line in (folder / "answers").read_bytes().splitlines())
    games = json.loads((folder / "games.json").read_bytes())
    return Answers(
        about=about,
        predictions={game.decode(): text for game, text in lines},
        model=read_model(folder / "model", about),
        _place={game: row for row, game in enumerate(games)},
        _arrays={name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in (*QUOTED, *EXPLAINED)},
    )


def _json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False), encoding="utf-8")
