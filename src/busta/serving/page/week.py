"""The games of a week, each with what our models say of it beside what the book offers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from busta.plugins import pick

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from busta.serving.slate import Slate

__all__ = ["Game", "Offer", "Round", "Week", "week_of"]

Round = tuple[int, int]
"""Season and number of a week."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one model says of one game.

    Attributes:
        market: Its name.
        title: The market's, for people.
        row: The prediction, as `busta predict` prints it.
        about: What the version is.
    """

    market: str
    title: str
    row: Mapping[str, Any]
    about: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What names it in the page."""
        return f"{self.row['game_id']}-{self.market}"

    @property
    def staked(self) -> bool:
        """Whether the model would bet."""
        return bool(self.row["stake"])


@dataclass(frozen=True, slots=True)
class Game:
    """A game of the week.

    Attributes:
        row: As `/v1/games` lists it.
        start: In the league's own zone.
        ahead: Whether it can still be bet on.
        offers: One a market.
    """

    row: Mapping[str, Any]
    start: datetime
    ahead: bool
    offers: Sequence[Offer]

    @property
    def played(self) -> bool:
        """Whether there is a score."""
        return self.row["home_score"] is not None


@dataclass(frozen=True, slots=True)
class Week:
    """The games of a week, and which other weeks there are.

    Attributes:
        chosen: The week; ``None`` where there is no game at all.
        games: In order of their start.
        before: The week before, if there is one.
        after: The week after.
        seasons: Those there are.
        weeks: Those of the chosen season.
    """

    chosen: Round | None
    games: Sequence[Game]
    before: Round | None
    after: Round | None
    seasons: Sequence[int]
    weeks: Sequence[int]

    @property
    def bets(self) -> list[tuple[Game, Offer]]:
        """What the models would bet on, the largest edge first."""
        found = [(game, offer) for game in self.games for offer in game.offers if offer.staked]
        return sorted(found, key=lambda each: -each[1].row["edge"])

    @property
    def coming(self) -> bool:
        """Whether a game of it can still be bet on."""
        return any(game.ahead for game in self.games)


def week_of(slate: Slate, now: datetime, season: int | None = None, number: int | None = None) -> Week:
    """A week's games; by default those of the week that is under way or comes next.

    Args:
        slate: What is served.
        now: What time it is in that league; a game that has begun can no longer be bet on.
        season: Another season, by default its last week.
        number: Another week, or the nearest one that season has.
    """
    rounds = sorted({(game["season"], game["week"]) for game in slate.games})
    if not rounds:
        return Week(None, (), None, None, (), ())
    chosen = _chosen(slate, rounds, season, number)
    at = rounds.index(chosen)
    zone = ZoneInfo(pick("league", slate.about["league"]).zone)
    listed = slate.rounds[f"{chosen[0]}-{chosen[1]:02d}"]
    return Week(
        chosen,
        [_game(slate, row, zone, now) for row in sorted(listed, key=lambda row: (row["kickoff"], row["game_id"]))],
        rounds[at - 1] if at else None,
        rounds[at + 1] if at + 1 < len(rounds) else None,
        sorted({each for each, _ in rounds}, reverse=True),
        [week for each, week in rounds if each == chosen[0]],
    )


def _chosen(slate: Slate, rounds: Sequence[Round], season: int | None, number: int | None) -> Round:
    """The week asked for, or the nearest; by default the one of the first game after the last that is played."""
    if season is None and number is None:
        played = [game["kickoff"] for game in slate.games if game["home_score"] is not None]
        last = max(played, default="")
        ahead = [game for game in slate.games if game["home_score"] is None and game["kickoff"] > last]
        return min(((game["season"], game["week"]) for game in ahead), default=rounds[-1])
    wanted = season if season is not None else rounds[-1][0]
    nearest = min((each for each, _ in rounds), key=lambda each: abs(each - wanted))
    weeks = [week for each, week in rounds if each == nearest]
    return nearest, min(weeks, key=lambda week: abs(week - number)) if number is not None else weeks[-1]


def _game(slate: Slate, row: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> Game:
    start = datetime.fromisoformat(row["kickoff"])
    offers = [
        Offer(name, pick("market", name).title, json.loads(answers.predictions[row["game_id"]]), answers.about)
        for name, answers in slate.markets.items()
        if row["game_id"] in answers.predictions
    ]
    return Game(row, start.astimezone(zone), row["home_score"] is None and start > now, offers)
