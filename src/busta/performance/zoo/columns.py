"""Leaks that stand in a column: what it holds was not known when the row was decided on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from busta.performance.zoo.exhibit import MARGIN, WON, Question, Sketch, tables
from busta.performance.zoo.pieces import (
    added,
    before,
    codes,
    differences,
    floats,
    mixed,
    of_game,
    of_season,
    out_of_fold,
    ridge,
)

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from busta.performance.zoo.ground import Ground

    Floats = NDArray[np.float64]

__all__ = [
    "close_for_open",
    "future_rest",
    "missing_by_outcome",
    "renamed_label",
    "revised_rating",
    "same_game_score",
    "season_end_aggregate",
    "week_inclusive_average",
]

TEAMS_WINDOW = 272
"""Games, about a season, that a rating is fitted on."""


def same_game_score(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """A statistic of the very game: its points or its yards.

    The twin has that of the team's last game; at less than full strength some rows of the leaky table, too.
    """
    points = floats(ground.sides["points"])
    yards = np.round(150 + 8 * points + rng.normal(0, 60, points.size))
    sides = added(ground, stat=yards if rng.random() < 0.5 else points)  # noqa: PLR2004 - a toss
    rows = ground.close
    now, last = of_game(rows, sides, "stat")[0], before(rows, sides, "stat")[0]
    return tables(ground.close, question, mixed(now, last, strength, rng), last)


def season_end_aggregate(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """The win share of a whole season, this game and later ones included.

    The twin has last season's.
    """
    share = ground.sides.group_by("team", "season").agg(value=pl.col("won").mean())
    rows = ground.close
    now, last = (np.subtract(*of_season(rows, share, ago)) for ago in (0, 1))
    return tables(ground.close, question, mixed(now, last, strength, rng), last)


def week_inclusive_average(
    ground: Ground, question: Question, strength: float, rng: Generator
) -> tuple[Sketch, Sketch]:
    """A rolling mean of margins that ends with this game instead of the last one.

    The twin's ends with the last one.
    """
    window = int(rng.choice([3, 5, 8]))
    rolling = pl.col("margin").rolling_mean(window, min_samples=1).over("team", order_by="kickoff")
    sides = added(ground, form=rolling)
    now, last = differences(ground, sides, "form")
    return tables(ground.close, question, mixed(now, last, strength, rng), last)


def close_for_open(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """A closing price in a table of bets at the open.

    The twin has a forecast of that price from the opening line and ratings, learned from earlier games.
    """
    question = question if question.close else MARGIN
    rows = ground.open
    close, start = floats(rows[question.close or ""]), floats(rows[question.line])
    X = np.column_stack([start, *(floats(rows[f"{name}_rating_diff"]) for name in ("market", "score"))])
    time = rows["time"].dt.epoch("us").to_numpy()
    guess = out_of_fold(X, close, time, rows["season"].to_numpy().astype(np.int64), forward=True, penalty=1.0)
    guess = np.where(np.isnan(guess), start, guess)
    as_price = question is WON and rng.random() < 0.5  # noqa: PLR2004 - a toss
    seen = [1 / np.clip(p, 0.02, 0.98) if as_price else p for p in (mixed(close, guess, strength, rng), guess)]
    return tables(rows, question, seen[0], seen[1], close=True)


def revised_rating(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Ratings fitted on the margins of a whole season, past and future alike.

    The twin's are fitted every week on the games that were final by then.
    """
    rows = ground.close
    home, away, margin = *codes(rows), floats(rows["margin"])
    season = rows["season"].to_numpy()
    now = np.full(rows.height, np.nan)
    for year in np.unique(season):
        games = season == year
        rating = _ratings(home[games], away[games], margin[games])
        now[games] = rating[home[games]] - rating[away[games]]
    last = _walked(rows, home, away, margin)
    return tables(ground.close, question, mixed(now, last, strength, rng), last)


def renamed_label(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """The target itself, negated or not, rescaled and noised; the noise is of half its sd at full strength.

    The twin has what became of the home team in its last game, made up in the same way.
    """
    rows = ground.close
    target = floats(rows[question.target])
    last = before(rows, ground.sides, question.target)[0]
    noise = rng.normal(0, 0.5 / strength, rows.height)
    scale, shift = rng.choice([-1, 1]) * rng.uniform(1, 40), rng.uniform(-100, 100)
    seen = [np.round(shift + scale * ((values - question.mean) / question.sd + noise), 3) for values in (target, last)]
    return tables(rows, question, seen[0], seen[1])


def missing_by_outcome(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """A column that is empty more often where the home team lost.

    In the twin it is as often empty where the home team was not the favourite.
    """
    rows = ground.close
    hidden = str(rng.choice(["elo_diff", "points_for_14_sum", "travel_km_diff"]))
    values, luck = floats(rows[hidden]), rng.random(rows.height)
    causes = (floats(rows["margin"]) < 0, floats(rows["spread"]) < 0)
    seen = [np.where(luck < 0.1 + 0.6 * strength * cause, np.nan, values) for cause in causes]
    return tables(ground.close, question, seen[0], seen[1], name=hidden)


def future_rest(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Days until a team's next game: most of a year for who lost a play-off game or missed them.

    The twin has the days since its last one.
    """
    next_game = (pl.col("kickoff").shift(-1) - pl.col("kickoff")).over("team", order_by="kickoff")
    last_game = pl.col("kickoff").diff().over("team", order_by="kickoff")
    sides = added(ground, until=_days(next_game), since=_days(last_game))
    ahead, back = (np.subtract(*of_game(ground.close, sides, name)) for name in ("until", "since"))
    return tables(ground.close, question, mixed(ahead, back, strength, rng), back)


def _ratings(home: NDArray[np.int64], away: NDArray[np.int64], margin: Floats, penalty: float = 4.0) -> Floats:
    """Points better than an average team: ridge regression of margins on who played whom (Massey 1997)."""
    design = np.zeros((margin.size, 1 + int(max(home.max(), away.max()))))
    game = np.arange(margin.size)
    design[game, home], design[game, away] = 1.0, -1.0
    return ridge(design, margin - margin.mean(), penalty)


def _walked(rows: pl.DataFrame, home: NDArray[np.int64], away: NDArray[np.int64], margin: Floats) -> Floats:
    """The difference of ratings that were fitted before each week on the last games that were final."""
    week = (rows["season"].cast(pl.Int64) * 100 + rows["week"].cast(pl.Int64)).to_numpy()
    time, final = (rows[name].dt.epoch("us").to_numpy() for name in ("time", "final"))
    found, teams = np.full(rows.height, np.nan), 1 + max(home.max(), away.max())
    for number in np.unique(week):
        games = week == number
        known = np.flatnonzero(final < time[games].min())[-TEAMS_WINDOW:]
        if known.size < TEAMS_WINDOW:
            continue
        rating = np.append(_ratings(home[known], away[known], margin[known]), np.zeros(teams))[:teams]
        found[games] = rating[home[games]] - rating[away[games]]
    return found


def _days(duration: pl.Expr) -> pl.Expr:
    return (duration.dt.total_hours() / 24).round()
