"""The second zoo's leaks that stand in a column: written without a look at the detectors, and after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import ndtr
from scipy.stats import poisson

from busta.features.ratings import Played, rate
from busta.performance.zoo.exhibit import MARGIN, WON, Question, Sketch, sketch, tables
from busta.performance.zoo.ground import SIGNED
from busta.performance.zoo.pieces import added, before, codes, differences, floats, mixed, of_game, of_season

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from busta.performance.zoo.ground import Ground

    Floats = NDArray[np.float64]

__all__ = [
    "filled_from_season",
    "games_this_season",
    "head_to_head",
    "in_play_price",
    "injuries_of_game",
    "night_game_as_last",
    "overtime_remark",
    "rated_after",
    "row_number",
    "streak_after",
    "winner_first",
]

GROUND_ELO = 65.0
"""What the home side is worth to a plain Elo."""
MEETINGS = 5
LATE = 1 / 3
"""Share of a game, about an hour, by which a price is late at most."""
CLOSE, IN_OVERTIME = 6.0, 0.15
"""Margins an overtime can end with, and how many of such games had one: 6 % of all."""
LISTED, HURT = 4.0, 2.0
"""Injured of a team before a game, and those that an average game adds."""
HURT_FALL = 0.01
"""By how much fewer were hurt with each point more of margin."""
MORNING = 6
"""Hour of the day in UTC before which the date in the US is still the last one."""


def rated_after(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """An Elo rating as the file has it: after the game, in place of the one before.

    The twin has both teams' ratings after their last games.
    """
    elo = _elo(ground.close, gain=float(rng.choice([20, 32])))
    sides = ground.sides.join(elo, on=["game_id", "team"], how="left", maintain_order="left")
    now, last = differences(ground, sides, "elo")
    return tables(ground.close, question, mixed(now, last, strength, rng), last, name="elo_diff")


def head_to_head(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """The record of the last meetings of both teams, this one counted, by wins or by margin.

    The twin counts the meetings before.
    """
    rows = ground.close
    turned = np.where(rows["home"] < rows["away"], 1.0, -1.0)  # a pair's results from one side
    margin = floats(rows["margin"])
    result = np.sign(margin) if rng.random() < 0.5 else margin  # noqa: PLR2004 - a toss
    pair = pl.concat_str(pl.min_horizontal("home", "away"), pl.lit("-"), pl.max_horizontal("home", "away"))
    mean = pl.col("result").rolling_mean(MEETINGS, min_samples=1).over("pair")
    met = rows.select(pair=pair, result=pl.Series(turned * result)).with_columns(now=mean)
    now, last = (turned * floats(met.select(each).to_series()) for each in ("now", pl.col("now").shift(1).over("pair")))
    return tables(rows, question, mixed(now, last, strength, rng), last)


def in_play_price(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """A price read up to an hour after kick-off: a spread, of a winner decimal odds.

    Until then the margin walked as in Stern (1994). The twin's price is another book's close.
    """
    rows = ground.close
    margin, spread = floats(rows["margin"]), floats(rows["spread"])
    gone = mixed(LATE * rng.random(rows.height), np.zeros(rows.height), strength, rng)
    other = spread + rng.normal(0, 0.5, rows.height)
    lead = gone * margin + MARGIN.sd * np.sqrt(gone * (1 - gone)) * rng.normal(size=rows.height)
    late = lead + (1 - gone) * other
    if question is not WON:
        return tables(rows, question, _halves(late), _halves(other))
    return tables(rows, question, _odds(late, 1 - gone), _odds(other, np.ones(rows.height)))


def filled_from_season(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """A form that is empty in a season's first weeks, filled with the team's mean of that whole season.

    The twin's gaps are filled with last season's mean; so is a share of them at less than full strength.
    """
    window, margin = int(rng.choice([3, 5])), pl.col("margin")
    form = margin.rolling_mean(window).shift(1).over("team", "season", order_by="kickoff")
    means = ground.sides.group_by("team", "season").agg(value=margin.mean())
    own = of_game(ground.close, added(ground, form=form), "form")
    now, last = (
        np.subtract(*(np.where(np.isnan(x), mean, x) for x, mean in zip(own, filling, strict=True)))
        for filling in (of_season(ground.close, means, ago) for ago in (0, 1))
    )
    return tables(ground.close, question, mixed(now, last, strength, rng), last)


def winner_first(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Differences of the first and the second team from a file that lists the winner first.

    The twin's file lists teams by the alphabet; so are some rows of the leaky one at less than full strength.
    """
    rows = ground.close
    by_result = np.where(floats(rows["margin"]) < 0, -1.0, 1.0)
    by_name = np.where(rows["home"] < rows["away"], 1.0, -1.0)
    turned = (mixed(by_result, by_name, strength, rng), by_name)
    first, second = (sketch(rows, question, *(rows[name] * pl.Series(each) for name in SIGNED)) for each in turned)
    return first, second


def row_number(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """The row number of a table sorted by result within each season, or each week.

    The twin was sorted by home team within each week. At less than full strength the other rows of the leaky table
    fell anywhere in their season or week.
    """
    rows = ground.close
    week = (rows["season"] * 100 + rows["week"]).to_numpy()
    block = week if rng.random() < 0.5 else week // 100  # noqa: PLR2004 - a toss
    rank = floats(rows[question.target].rank().fill_null(rows.height / 2)) / rows.height
    falling = rng.choice([-1, 1])
    key = mixed(rank, rng.random(rows.height), strength, rng)
    now, last = np.lexsort((falling * key, block)).argsort(), np.lexsort((codes(rows)[0], week)).argsort()
    return tables(rows, question, now.astype(np.float64) + 1, last.astype(np.float64) + 1)


def games_this_season(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """How many games a team plays this season, which the play-offs decide.

    The twin has last season's number.
    """
    played = ground.sides.group_by("team", "season").agg(value=pl.len().cast(pl.Float64))
    now, last = (np.subtract(*of_season(ground.close, played, ago)) for ago in (0, 1))
    return tables(ground.close, question, mixed(now, last, strength, rng), last)


def overtime_remark(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Whether the game went to overtime, a flag or a remark on the final score: it was close, whoever won.

    The twin has that of the home team's last game.
    """
    rows = ground.close
    margin = np.abs(floats(rows["margin"]))
    extra = (margin == 0) | ((margin <= CLOSE) & (rng.random(rows.height) < IN_OVERTIME))
    went = rows.select("game_id", extra=pl.Series(extra).cast(pl.Float64))
    sides = ground.sides.join(went, on="game_id", how="left", maintain_order="left")
    now, last = of_game(rows, sides, "extra")[0], before(rows, sides, "extra")[0]
    seen = (mixed(now, last, strength, rng), last)
    if rng.random() < 0.5:  # noqa: PLR2004 - a toss
        return tables(rows, question, *seen)
    return _texts(rows, question, seen, pl.when(pl.col("value") > 0).then(pl.lit("F/OT")).otherwise(pl.lit("F")))


def streak_after(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Games won or lost on end by the standings after the game: a difference, or "W3" of the home team.

    The twin's standings are those before.
    """
    sign = pl.col("margin").sign()
    sides = added(ground, run=sign.rle_id().over("team", order_by="kickoff"))
    sides = sides.with_columns(streak=sign * (pl.int_range(pl.len()) + 1).over("team", "run", order_by="kickoff"))
    if rng.random() < 0.5:  # noqa: PLR2004 - a toss
        now, last = differences(ground, sides, "streak")
        return tables(ground.close, question, mixed(now, last, strength, rng), last)
    now, last = of_game(ground.close, sides, "streak")[0], before(ground.close, sides, "streak")[0]
    value = pl.col("value")
    letter = pl.when(value > 0).then(pl.lit("W")).when(value < 0).then(pl.lit("L")).otherwise(pl.lit("T"))
    word = letter + value.abs().cast(pl.Int64).cast(pl.String)
    return _texts(ground.close, question, (mixed(now, last, strength, rng), last), word)


def injuries_of_game(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """How many are on the injury list as it stands after the game, those included who were hurt in it.

    A team that loses has more of them. The twin has the lists after both teams' last games.
    """
    sides = ground.sides
    hurt = HURT * np.exp(-HURT_FALL * floats(sides["margin"]))
    listed = poisson.ppf(rng.random(sides.height), LISTED) + poisson.ppf(rng.random(sides.height), hurt)
    now, last = differences(ground, added(ground, listed=listed), "listed")
    return tables(ground.close, question, mixed(now, last, strength, rng), last)


def night_game_as_last(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Last game's margin or win, where a night game is its own last game: results by local date, fixtures by UTC.

    The twin has the last game's everywhere.
    """
    now, last = differences(ground, ground.sides, str(rng.choice(["margin", "won"])))
    night = ground.close["kickoff"].dt.hour().to_numpy() < MORNING
    return tables(ground.close, question, np.where(night, mixed(now, last, strength, rng), last), last)


def _halves(points: Floats) -> Floats:
    """A line in half points."""
    halves: Floats = np.round(2 * points)
    return halves / 2


def _odds(margin: Floats, left: Floats) -> Floats:
    """Decimal odds of the home team that expects that margin with that share of the game left."""
    chance = ndtr(margin / (MARGIN.sd * np.sqrt(left)))
    odds: Floats = np.round(1 / np.clip(chance, 0.02, 0.98), 2)
    return odds


def _elo(rows: pl.DataFrame, gain: float) -> pl.DataFrame:
    """``game_id``, ``team`` and ``elo``: the plain rating (Elo 1978) of each team after each game."""

    def step(home: float, away: float, margin: float, edge: float) -> tuple[float, float]:
        expected = 1 / (1 + 10 ** (-(home - away + edge) / 400))
        move = gain * (0.5 + 0.5 * float(np.sign(margin)) - expected)
        return move, -move

    home, away = (each.tolist() for each in codes(rows))
    margin, edge = rows["margin"].to_list(), [GROUND_ELO] * rows.height
    played = Played(home, away, rows["season"].to_list(), margin, [], [], [], edge, 1 + max(home + away))
    rating = rate(played, margin, step, carry=1.0)
    sides = (("home", rating.home), ("away", rating.away))
    return pl.concat(rows.select("game_id", pl.col(side).alias("team"), elo=pl.Series(elo)) for side, elo in sides)


def _texts(rows: pl.DataFrame, question: Question, seen: tuple[Floats, Floats], word: pl.Expr) -> tuple[Sketch, Sketch]:
    """A leaky table and its twin that differ in a column of words, empty where a ``value`` is."""
    columns = [
        pl.DataFrame({"value": pl.Series(values, nan_to_null=True)})
        .select(planted=pl.when(pl.col("value").is_not_null()).then(word))
        .to_series()
        for values in seen
    ]
    return sketch(rows, question, columns[0]), sketch(rows, question, columns[1])
