"""The third zoo's leaks that stand in a column: by another hand again, without a look at detectors or limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import expit

from busta.performance.zoo.exhibit import MARGIN, WON, Question, Sketch, tables
from busta.performance.zoo.pieces import added, before, differences, floats, mixed, of_game, of_season

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from busta.performance.zoo.ground import Ground

    Floats = NDArray[np.float64]

__all__ = [
    "career_of_coach",
    "form_across_teams",
    "line_of_next_game",
    "newest_first",
    "paid_on_favourite",
    "ranked_after_week",
    "schedule_of_season",
    "weight_of_row",
]

PAID = 100 / 110
"""What a unit on a spread wins at -110."""
YEAR = 365.25
DISMISSED, DISMISSED_FALL = -1.6, 6.0
"""Log-odds that a coach goes who won as often as he lost, and their fall with the share of wins: a fifth go a year."""


def form_across_teams(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """A form shifted by one row in a file of two rows a game, not by team: the away team's ends with this very game.

    The twin's is of each team's own last games.
    """
    window = int(rng.choice([3, 5, 8]))
    form = pl.col("points").rolling_mean(window)
    file = ground.sides.sort("kickoff", "game_id", ~pl.col("at_home"))
    file = file.with_columns(mixed_up=form.shift(1), own=form.over("team", order_by="kickoff"))
    now = np.subtract(*of_game(ground.close, file, "mixed_up"))
    last = np.subtract(*before(ground.close, file, "own"))
    return tables(ground.close, question, mixed(now, last, strength, rng), last)


def newest_first(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """A form of the last games, shifted by one, from a file that lists the newest game first: it is of the next ones.

    The twin's file lists the oldest first.
    """
    window, value = int(rng.choice([3, 5, 8])), str(rng.choice(["margin", "won"]))
    form = pl.col(value).rolling_mean(window)
    ahead = form.shift(-window)  # the same as shift(1) from the other end
    sides = added(ground, **{name: each.over("team", order_by="kickoff") for name, each in (("f", form), ("a", ahead))})
    now, last = np.subtract(*of_game(ground.close, sides, "a")), np.subtract(*before(ground.close, sides, "f"))
    return tables(ground.close, question, mixed(now, last, strength, rng), last)


def line_of_next_game(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """The spread of both teams' next games, shifted the wrong way: the market has seen this game by then.

    The twin has that of their last games.
    """
    lines = ground.close.select("game_id", "spread")
    sides = ground.sides.join(lines, on="game_id", how="left", maintain_order="left")
    sides = sides.with_columns(own=pl.when("at_home").then("spread").otherwise(-pl.col("spread")))
    sides = sides.with_columns(ahead=pl.col("own").shift(-1).over("team", order_by="kickoff"))
    now, last = np.subtract(*of_game(ground.close, sides, "ahead")), np.subtract(*before(ground.close, sides, "own"))
    return tables(ground.close, question, mixed(now, last, strength, rng), last)


def paid_on_favourite(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """What a unit on the favourite of this game won or lost, left over from a test of that bet.

    The bet is on the winner where that is the target, else on the spread. The twin has the favourite's of the home
    team's last game.
    """
    rows = ground.close
    home = np.where(floats(rows["spread"]) < 0, -1.0, 1.0)
    result = home * np.sign(floats(rows[question.target]) - (0.5 if question is not MARGIN else floats(rows["spread"])))
    chance = np.clip(floats(rows["p_win"]), 0.02, 0.98)
    price = 1 / np.where(home > 0, chance, 1 - chance) - 1 if question is WON else np.full(rows.height, PAID)
    paid = np.where(result > 0, np.round(price, 2), np.nan_to_num(result))  # a tie or a push pays back
    bets = rows.select("game_id", paid=pl.Series(paid))
    sides = ground.sides.join(bets, on="game_id", how="left", maintain_order="left")
    now, last = of_game(rows, sides, "paid")[0], before(rows, sides, "paid")[0]
    return tables(rows, question, mixed(now, last, strength, rng), last)


def weight_of_row(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """The weight a row is trained with: newer games count more, and so do the rarer outcome or the larger margin.

    Of a 0/1 target the balanced weight of its class, else the logarithm of the margin. The twin's weighs by time alone.
    """
    rows, y = ground.close, floats(ground.close[question.target])
    days = (rows["time"] - rows["time"].min()).dt.total_seconds().to_numpy() / 86400
    recent = 2 ** (days / YEAR / float(rng.choice([1, 2, 4])))
    share = np.nanmean(y)
    own = np.log1p(np.abs(y)) if question is MARGIN else 0.5 / np.where(y > 0.5, share, 1 - share)  # noqa: PLR2004 - 0/1
    return tables(rows, question, mixed(recent * own, recent, strength, rng), recent)


def career_of_coach(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """The share of games a coach won in his whole time with the team, from a list as it stands today.

    Who loses is dismissed after the season more often. The twin has the record so far; before his first game, that
    of the coach before.
    """
    share = ground.sides.group_by("team", "season").agg(share=pl.col("won").mean()).sort("team", "season")
    gone = rng.random(share.height) < expit(DISMISSED - DISMISSED_FALL * (floats(share["share"]) - 0.5))
    coach = pl.Series("gone", gone).cast(pl.Int64)
    coaches = share.with_columns(coach).with_columns(coach=pl.col("gone").cum_sum().over("team") - pl.col("gone"))
    sides = ground.sides.join(coaches, on=["team", "season"], how="left", maintain_order="left")
    won, of_coach = pl.col("won"), ["team", "coach"]
    so_far = (won.cum_sum() / won.cum_count()).over(of_coach, order_by="kickoff")
    sides = sides.with_columns(career=won.mean().over(of_coach), so_far=so_far)
    now, last = (
        np.subtract(*found) for found in (of_game(ground.close, sides, "career"), before(ground.close, sides, "so_far"))
    )
    return tables(ground.close, question, mixed(now, last, strength, rng), last)


def ranked_after_week(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Both teams' places in the power ranking of the week, which is published when the week has been played.

    It ranks by margins, the last ones counting most. The twin has the ranking after each team's last game.
    """
    form = pl.col("margin").ewm_mean(half_life=float(rng.choice([2, 4]))).over("team", order_by="kickoff")
    weeks = ground.close.select("game_id", at=pl.col("season").cast(pl.Int64) * 100 + pl.col("week"))
    sides = ground.sides.with_columns(form=form).join(weeks, on="game_id", how="left", maintain_order="left")
    every = sides.select(pl.col("at").unique()).join(sides.select(pl.col("team").unique()), how="cross").sort("at")
    known = sides.select("at", "team", "form").sort("at")
    every = every.join_asof(known, on="at", by="team", check_sortedness=False)
    ranking = every.with_columns(place=pl.col("form").rank("min", descending=True).over("at"))
    sides = sides.join(ranking.select("at", "team", "place"), on=["at", "team"], how="left", maintain_order="left")
    now, last = differences(ground, sides, "place")
    return tables(ground.close, question, mixed(now, last, strength, rng), last)


def schedule_of_season(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """The strength of a team's schedule: the mean share of games that its opponents won by the season's end.

    Their games with the team are counted, this one too. The twin has last season's.
    """
    share = ground.sides.group_by("team", "season").agg(share=pl.col("won").mean())
    met = ground.sides.join(ground.sides.select("game_id", opponent="team"), on="game_id")
    met = met.filter(pl.col("team") != pl.col("opponent"))
    met = met.join(share, left_on=["opponent", "season"], right_on=["team", "season"])
    schedule = met.group_by("team", "season").agg(value=pl.col("share").mean().round(4))  # whatever the order of sums
    now, last = (np.subtract(*of_season(ground.close, schedule, ago)) for ago in (0, 1))
    return tables(ground.close, question, mixed(now, last, strength, rng), last)
