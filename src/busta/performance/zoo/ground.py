"""What exhibits are made of: the games of a league with their prices and honest features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from busta.data.schema import FINAL_LAG, INSTANT, Moment, decision_time
from busta.errors import DataError
from busta.features.build import CATALOG, build_events
from busta.features.store import MemoryGold
from busta.leagues import sim

if TYPE_CHECKING:
    from busta.features.store import GoldStore

__all__ = ["CONTINUOUS", "FEATURES", "SIGNED", "Ground", "simulated"]

SIGNED = (
    *("elo_diff", "score_rating_diff", "market_rating_diff", "margin_5_diff", "margin_14_diff"),
    *("cover_margin_5_diff", "rest_days_diff", "travel_km_diff"),
)
"""Home minus away: of the other sign from the other side."""
CONTINUOUS = (*SIGNED, "points_for_14_sum", "past_total_14_sum", "price_total")
FEATURES = (*CONTINUOUS, "season", "week", "division", "postseason", "roof")
"""The honest columns of every exhibit."""

SEASONS = 14
OPEN_BIAS = 1.5
"""Points, of the simulated opening spread: the ratings then know as much of it as in the NFL."""
LEAST_GAMES = 1000
_PRICES = ("price_spread", "price_home_win", "price_home_cover")


@dataclass(frozen=True, eq=False)
class Ground:
    """The games of a gold store.

    Attributes:
        gold: The store.
    """

    gold: GoldStore

    @cached_property
    def close(self) -> pl.DataFrame:
        """Finished games as seen a second before the start, a row each, by kick-off.

        ``game_id``, ``kickoff``, ``time`` of the decision, ``final`` (when the score is known), ``home`` and
        ``away`` (teams), ``home_points``, ``away_points``; the targets ``margin``, ``won`` (null after a
        tie) and ``covered`` (null after a push); what the market says of each: ``spread``, ``p_win``,
        ``p_cover``; the close of the first two: ``close_spread``, ``close_win``; and ``FEATURES``.
        """
        return self._seen("close")

    @cached_property
    def open(self) -> pl.DataFrame:
        """The same games as seen a week before, a second after the opening line; those that have one."""
        return self._seen("open")

    @cached_property
    def sides(self) -> pl.DataFrame:
        """Two rows a game, one for each team, sorted by team and kick-off.

        ``game_id``, ``season``, ``kickoff``, ``final``, ``team``, ``at_home``, ``points``, and from the team's
        side ``margin``, ``won`` (a tie is a half) and ``covered`` (null after a push).
        """
        games = self.close.select(
            *("game_id", "season", "kickoff", "final", "home", "away", "home_points", "away_points"),
            "margin",
            pl.col("won").fill_null(0.5),
            "covered",
        )
        keys = ("game_id", "season", "kickoff", "final")
        home = games.select(
            *keys, team="home", at_home=True, points="home_points", margin="margin", won="won", covered="covered"
        )
        away = games.select(
            *keys,
            team="away",
            at_home=False,
            points="away_points",
            margin=-pl.col("margin"),
            won=1 - pl.col("won"),
            covered=1 - pl.col("covered"),
        )
        return pl.concat([home, away]).sort("team", "kickoff")

    def _seen(self, moment: Moment) -> pl.DataFrame:
        games = self.gold.games.filter(pl.col("home_score").is_not_null()).sort("kickoff", "game_id")
        seen = self.gold.as_of(games.select("game_id", decision_time(moment).alias("decision_time")))
        close = self.gold.as_of(games.select("game_id", pl.col("kickoff").alias("decision_time")))
        known = [name for name in FEATURES if name not in {"season", "week", "roof"}]
        rows = pl.concat(
            [
                games.drop("division"),  # the feature of the same name is a number
                seen.select(*known, *_PRICES, pl.col("decision_time").alias("time")),
                close.select(close_spread="price_spread", close_win="price_home_win"),
            ],
            how="horizontal",
        ).filter(pl.col("price_spread").is_not_null() & pl.col("price_total").is_not_null())
        if rows.height < LEAST_GAMES:
            raise DataError(f"{rows.height} games have a line at the {moment}; an exhibit needs {LEAST_GAMES}")
        return _named(rows)


def _named(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns by the names they have in the zoo."""
    margin = (pl.col("home_score") - pl.col("away_score")).cast(pl.Float64)
    over = margin - pl.col("price_spread")
    return rows.select(
        "game_id",
        "kickoff",
        "time",
        (pl.col("kickoff") + FINAL_LAG).cast(INSTANT).alias("final"),
        *FEATURES,
        home="home_team",
        away="away_team",
        home_points=pl.col("home_score").cast(pl.Float64),
        away_points=pl.col("away_score").cast(pl.Float64),
        margin=margin,
        won=pl.when(margin != 0).then((margin > 0).cast(pl.Float64)),
        covered=pl.when(over != 0).then((over > 0).cast(pl.Float64)),
        spread="price_spread",
        p_win="price_home_win",
        p_cover="price_home_cover",
        close_spread="close_spread",
        close_win="close_win",
    )


def simulated(seed: int, *, seasons: int = SEASONS) -> Ground:
    """A simulated league: some 4,000 games by default."""
    batch = sim.play(sim.World(seasons=seasons, seed=seed, open_bias=OPEN_BIAS, unplayed_weeks=0))
    events = build_events(batch.games, batch.quotes, sim.LEAGUE)
    return Ground(MemoryGold(batch.games, batch.quotes, events, CATALOG, {"version": None}))
