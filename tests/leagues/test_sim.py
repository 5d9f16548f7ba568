from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from io import BytesIO
from math import erf, sqrt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from busta.data.schema import GAMES, QUOTES, TRUTH
from busta.data.tables import Tables
from busta.errors import DataError, UsageError
from busta.leagues.sim import LEAGUE, World, load, play
from busta.leagues.simulation import scores
from busta.plugins import pick
from busta.settings import Settings, Sim

if TYPE_CHECKING:
    from pathlib import Path

    from busta.data.source import Batch

TRUTHS = {"moneyline": "home_win", "ats": "home_cover", "totals": "over"}


def digest(batch: Batch) -> str:
    assert batch.truth is not None
    found = hashlib.sha256()
    for table in (batch.games, batch.quotes, batch.truth):
        buffer = BytesIO()
        table.write_ipc(buffer)
        found.update(buffer.getvalue())
    return found.hexdigest()


# the same in, the same out


def test_the_same_seed_plays_the_same_bytes(sim: Batch) -> None:
    assert digest(play(World())) == digest(sim)
    assert digest(play(World(seed=2))) != digest(sim)


def test_more_seasons_leave_the_earlier_ones_as_they_were(sim: Batch) -> None:
    longer, last = play(World(seasons=14)), 2010 + 12
    assert longer.games.filter(pl.col("season") < last).equals(sim.games.filter(pl.col("season") < last))
    under_way = sim.games.filter((pl.col("season") == last) & pl.col("home_score").is_not_null())
    assert longer.games.join(under_way, on="game_id", how="semi").equals(under_way)


def test_the_default_world_is_played_in_a_second() -> None:
    play(World(seasons=1))
    started = time.process_time()
    play(World())
    assert time.process_time() - started < 2  # 0.45 s on a quiet machine


def test_the_tables_have_the_schema_and_one_row_a_key(sim: Batch) -> None:
    assert sim.truth is not None
    assert sim.games.schema == pl.Schema(GAMES)
    assert sim.quotes.schema == pl.Schema(QUOTES)
    assert sim.truth.schema == pl.Schema(TRUTH)
    assert sim.games["game_id"].is_unique().all()
    assert sim.truth["game_id"].equals(sim.games["game_id"])
    assert sim.quotes.height == 6 * sim.games.height
    assert not sim.quotes.select("game_id", "market", "moment").is_duplicated().any()
    unscored = pl.exclude("home_score", "away_score")
    assert sim.games.select(unscored).null_count().sum_horizontal().item() == 0


# the league


def test_the_league_is_found_and_knows_its_teams_and_grounds(sim: Batch) -> None:
    assert pick("league", "sim") is LEAGUE
    assert len(set(LEAGUE.teams)) == 32
    assert LEAGUE.team("portland pumas") == LEAGUE.team("Pumas") == "PDX"
    assert set(sim.games["venue"]) <= set(LEAGUE.places)
    for place in LEAGUE.places.values():
        assert ZoneInfo(place.zone)
    assert (LEAGUE.margin_sd, LEAGUE.total_sd, LEAGUE.home_edge) == (13.3, 13.5, 2.2)


@pytest.mark.parametrize("name", ["sim", "sim-edge"])
def test_files_add_quotes_and_facts_to_a_played_league_and_no_games(tmp_path: Path, name: str) -> None:
    settings, file, league = Settings(home=tmp_path), tmp_path / "file.csv", pick("league", name)
    world = play(World(seasons=1))
    Tables(settings.tables / name).update(world)
    game = world.games.row(0, named=True)
    file.write_text(f"game_id,fact,home_value,away_value\n{game['game_id']},epa,3.5,\n")
    batch = league.load(settings, [file])
    assert batch.facts.row(0) == (game["game_id"], game["home_team"], "epa", 3.5, None)
    assert (batch.games.height, batch.truth) == (0, None)
    file.write_text("game_id,home_score\n1,2\n")
    with pytest.raises(DataError, match=r"file.csv: not quotes by game: no column market, line"):
        league.load(settings, [file])


def test_load_plays_the_world_of_the_settings(tmp_path: Path, sim: Batch) -> None:
    assert digest(load(Settings(home=tmp_path), [])) == digest(sim)
    changed = load(Settings(home=tmp_path, sim=Sim(seasons=3, seed=9, edge=1.0, open_bias=1.0)), [])
    assert digest(changed) == digest(play(World(seasons=3, seed=9, edge=1.0, open_bias=1.0, total_bias=1.0)))


@pytest.mark.parametrize("wrong", [{"seasons": 0}, {"unplayed_weeks": 18}, {"margin_sd": float("nan")}, {"vig": -0.1}])
def test_an_impossible_world_is_refused_with_what_is_allowed(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(wrong))}.*allowed"):
        World(**wrong)


# the schedule


def appearances(games: pl.DataFrame) -> pl.DataFrame:
    columns = ["season", "week", "phase", "kickoff", "division", "neutral", "venue"]
    home = games.select(*columns, pl.col("home_team").alias("team"), pl.col("away_team").alias("other"), home=True)
    away = games.select(*columns, pl.col("away_team").alias("team"), pl.col("home_team").alias("other"), home=False)
    return pl.concat([home, away.select(home.columns)]).sort("team", "kickoff")


def test_every_team_plays_seventeen_games_and_rests_one_week_from_five_to_fourteen(
    sim_games: pl.DataFrame,
) -> None:
    teams = appearances(sim_games.filter(pl.col("phase") == "regular"))
    each = teams.group_by("season", "team").agg(
        pl.len(),
        pl.col("home").sum(),
        pl.col("week").n_unique().alias("weeks"),
        bye=171 - pl.col("week").sum(),
    )
    assert each.height == 13 * 32
    assert each["len"].eq(17).all()
    assert each["weeks"].eq(17).all()
    assert each["home"].is_between(8, 9).all()
    assert each["bye"].is_between(5, 14).all()
    assert each.group_by("season", "bye").len()["len"].max() == 4


def test_every_team_meets_its_division_home_and_away_and_others_once(sim_games: pl.DataFrame) -> None:
    teams = appearances(sim_games.filter(pl.col("phase") == "regular"))
    met = teams.group_by("season", "team", "other", "division").agg(pl.len(), pl.col("home").sum())
    inside, outside = met.filter("division"), met.filter(~pl.col("division"))
    assert inside.height == 13 * 32 * 3
    assert inside["len"].eq(2).all()
    assert inside["home"].eq(1).all()
    assert outside["len"].eq(1).all()


def test_kickoffs_are_of_the_right_days_and_teams_have_time_to_rest(sim_games: pl.DataFrame) -> None:
    local = sim_games["kickoff"].dt.convert_time_zone("America/New_York")
    per_week = sim_games.with_columns(day=local.dt.weekday(), hour=local.dt.hour()).filter(pl.col("week") < 18)
    counts = per_week.group_by("season", "week", "day").len()
    assert set(counts["day"]) == {1, 4, 7}
    assert counts.filter(pl.col("day") != 7)["len"].eq(1).all()
    assert set(per_week["hour"]) == {9, 13, 16, 20}
    rest = appearances(sim_games).select(pl.col("kickoff").diff().over("season", "team")).to_series().drop_nulls()
    assert rest.min() >= timedelta(days=3, hours=20)  # type: ignore[operator]
    assert sim_games["kickoff"].is_sorted()


def test_thirteen_play_off_games_end_with_a_final_on_neutral_ground(sim_games: pl.DataFrame) -> None:
    post = sim_games.filter(pl.col("phase") == "post")
    by_week = post.group_by("season", "week").agg(pl.len(), pl.col("neutral").sum()).sort("season", "week")
    assert by_week["len"].to_list() == [6, 4, 2, 1] * 12
    assert by_week["neutral"].to_list() == [0, 0, 0, 1] * 12
    assert not post["margin"].eq(0).any()
    teams = appearances(post)
    assert teams.group_by("season").agg(pl.col("team").n_unique())["team"].eq(14).all()
    losers = post.select("season", "week", team=pl.when(pl.col("margin") > 0).then("away_team").otherwise("home_team"))
    again = teams.join(losers, on=["season", "team"], suffix="_lost").filter(pl.col("week") > pl.col("week_lost"))
    assert again.is_empty()


def test_neutral_games_are_few_and_at_nobodys_home(sim_games: pl.DataFrame) -> None:
    neutral = sim_games.filter("neutral")
    assert neutral.group_by("season").len()["len"].is_between(4, 5).all()
    assert not set(neutral["venue"]) & set(LEAGUE.teams)
    at_home = sim_games.filter(~pl.col("neutral"))
    assert at_home["venue"].equals(at_home["home_team"], null_equal=True)


def test_roofs_and_surfaces_belong_to_the_team(sim_games: pl.DataFrame) -> None:
    grounds = sim_games.filter(~pl.col("neutral")).group_by("venue").agg(pl.col("roof", "surface").unique().sort())
    kinds = {tuple(roofs) for roofs in grounds["roof"]}
    assert kinds == {("outdoors",), ("dome",), ("closed", "open")}
    assert grounds["surface"].list.len().eq(1).all()


def test_the_season_under_way_has_coming_games_with_quotes_but_no_scores(sim_games: pl.DataFrame) -> None:
    coming = sim_games.filter(pl.col("home_score").is_null())
    assert coming.select("season", "week").unique().rows() == [(2022, 18)]
    assert coming.height == 16
    assert coming["away_score"].is_null().all()
    assert coming.select(pl.selectors.by_dtype(pl.Float64)).null_count().sum_horizontal().item() == 0
    assert play(World(seasons=1, unplayed_weeks=3)).games["home_score"].null_count() == 48
    assert play(World(seasons=1, unplayed_weeks=0)).games["home_score"].null_count() == 0


# the truth


def test_the_true_probabilities_are_sums_over_the_distribution_as_it_is_described() -> None:
    def mass(k: int) -> float:
        weight = 0.14 if k == 0 else (*scores.KEY_NUMBERS, *([1.0] * 80))[abs(k) - 1]
        return weight * (erf((k + 0.5 - 4.4) / 13.3 / sqrt(2)) - erf((k - 0.5 - 4.4) / 13.3 / sqrt(2)))

    expected = np.array([mass(int(k)) for k in scores.MARGINS])
    expected /= expected.sum()
    pmf = scores.margin_pmf(np.array([4.4]), 13.3, np.array([0.14]))
    assert pmf[0] == pytest.approx(expected, abs=1e-12)
    win, lose = expected[scores.MARGINS > 3].sum(), expected[scores.MARGINS < 3].sum()
    assert scores.given_no_push(pmf, scores.MARGINS, np.array([3.0]))[0] == pytest.approx(win / (win + lose))


def test_margin_and_total_of_one_game_agree_and_are_possible_scores(sim_long: pl.DataFrame) -> None:
    margins = scores.margin_pmf(np.array([-3.0, 9.0]), 13.3, np.array([0.14, 0.0]))
    totals = scores.total_pmf(margins, np.array([38.0, 51.25]), 13.6)
    even = scores.TOTALS % 2 == 0
    assert totals.sum(axis=1) == pytest.approx(1)
    assert totals[:, even].sum(axis=1) == pytest.approx(margins[:, scores.MARGINS % 2 == 0].sum(axis=1))
    assert margins[1, scores.MARGINS == 0] == 0
    points = pl.concat([sim_long["home_score"], sim_long["away_score"]])
    assert points.min() == 0
    assert not points.eq(1).any()


@pytest.mark.parametrize(
    ("market", "result", "line"),
    [
        ("moneyline", "margin", None),
        ("ats", "margin", "line_close_ats"),
        ("totals", "total", "line_close_totals"),
    ],
)
def test_results_come_as_often_as_the_true_probabilities_say(
    sim_long: pl.DataFrame, market: str, result: str, line: str | None
) -> None:
    over = sim_long[result] - (sim_long[line] if line else 0)
    kept = (over != 0).to_numpy()
    won, chance = (over > 0).to_numpy()[kept], sim_long[TRUTHS[market]].to_numpy()[kept]
    bins = np.digitize(chance, np.quantile(chance, np.linspace(0.1, 0.9, 9)))
    surplus = np.bincount(bins, won - chance)
    chi_square = (surplus**2 / np.bincount(bins, chance * (1 - chance))).sum()
    assert chi_square < 29.6  # 99.9 % of ten degrees of freedom


@pytest.mark.parametrize(("result", "mean", "sd"), [("margin", "margin_mean", 13.3), ("total", "total_mean", 13.5)])
def test_results_scatter_around_their_true_means(sim_long: pl.DataFrame, result: str, mean: str, sd: float) -> None:
    rest = (sim_long[result] - sim_long[mean]).to_numpy()
    assert abs(rest.mean()) < 4 * sd / sqrt(len(rest))
    assert rest.std() == pytest.approx(sd, abs=0.3)
