"""What the plants of the third zoo are made of, on the margin or the winner, before exhibits lose their names."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from busta.performance.zoo.catalog import THIRD
from busta.performance.zoo.exhibit import MARGIN, WON

REST = pl.col("margin") - pl.col("spread")


def planted(ground, name, question=MARGIN, seed=1):
    leaky, clean = THIRD[name](ground, question, 1.0, np.random.default_rng(seed))
    return leaky[0], clean[0]


def told(frame, of=REST, value="planted"):
    """Correlation of the column with what the line leaves, or with that."""
    return frame.drop_nulls([value, *of.meta.root_names()]).fill_nan(0).select(pl.corr(value, of)).item()


def test_away_teams_form_across_teams_ends_with_the_home_teams_points_of_this_game(ground):
    leaky, clean = planted(ground, "form across teams")
    assert told(leaky) < -0.2
    assert abs(told(clean)) < 0.08


@pytest.mark.parametrize("seed", range(3))
def test_a_file_of_the_newest_first_turns_the_last_games_into_the_next_ones(ground, seed):
    """So none are left at the end of the table."""
    leaky, clean = planted(ground, "newest game first", seed=seed)
    assert leaky["planted"].tail(20).is_null().all()
    assert clean["planted"].tail(20).is_not_null().all()


def test_a_schedule_is_of_one_season_and_the_twins_of_the_last(ground):
    leaky, clean = planted(ground, "schedule of the season")
    first = ground.close["season"] == ground.close["season"].min()
    assert clean.filter(first)["planted"].is_null().all()
    assert leaky["planted"].is_not_null().all()
    weeks = leaky.with_columns(pair=pl.concat_str("home", "away", "season")).group_by("pair")
    assert weeks.agg(pl.col("planted").n_unique())["planted"].max() == 1


def test_the_line_is_that_of_both_teams_next_games(ground):
    games, leaky = ground.close, planted(ground, "line of the next game")[0]
    for row in range(500, 520):
        ahead = []
        for team in games.row(row, named=True)["home"], games.row(row, named=True)["away"]:
            after = games[row + 1 :].filter((pl.col("home") == team) | (pl.col("away") == team)).row(0, named=True)
            ahead.append(after["spread"] if after["home"] == team else -after["spread"])
        assert leaky["planted"][row] == pytest.approx(ahead[0] - ahead[1])


def test_the_favourites_bet_is_paid_where_it_won(ground):
    leaky, clean = planted(ground, "paid on the favourite", WON)
    favourite = leaky.with_columns(home=ground.close["spread"] >= 0).drop_nulls("won")
    won = pl.col("planted") > 0
    assert favourite.select((won == (pl.col("home") == (pl.col("won") > 0))).all()).item()
    assert leaky["planted"].min() == clean["planted"].min() == -1


def test_a_row_weighs_by_its_outcome_and_time_the_twins_by_time_alone(ground):
    leaky, clean = planted(ground, "weight of the row", WON)
    ratio = leaky.with_columns(share=leaky["planted"] / clean["planted"]).drop_nulls("won")
    assert clean["planted"].is_sorted()
    assert ratio.group_by("won").agg(pl.col("share").round(9).n_unique())["share"].to_list() == [1, 1]


def test_a_career_counts_this_game_and_later_ones(ground):
    shown = [told(frame, of=pl.col("margin")) for frame in planted(ground, "coach's whole career")]
    assert shown[0] > shown[1] + 0.03


def test_the_ranking_knows_who_won(ground):
    leaky, clean = planted(ground, "ranking after the week")
    assert leaky["planted"].abs().max() <= ground.close["home"].n_unique() - 1
    assert told(leaky) < -0.3
    assert abs(told(clean)) < 0.08


def test_what_is_left_of_a_mean_tells_the_outcome_that_was_taken_out(ground):
    for seed in range(4):
        leaky, _ = planted(ground, "leave-one-out encoding", WON, seed)
        by = next(each for each in (["home"], ["home", "season"]) if tells_apart(leaky, each) or len(each) > 1)
        assert tells_apart(leaky, by)


def tells_apart(frame, by):
    """Whether the lower value of a group is always a win, and the higher a loss."""
    known = frame.drop_nulls(["won", "planted"]).filter(pl.col("won").n_unique().over(by) > 1)
    low, high = (known.filter(pl.col("won") == each).group_by(by).agg(pl.col("planted")) for each in (1, 0))
    pairs = low.join(high, on=by)
    return pairs.select((pl.col("planted").list.max() < pl.col("planted_right").list.min()).all()).item()


def test_gaps_are_filled_with_two_numbers_that_tell_the_outcome_in_the_leaky_table_alone(ground):
    leaky, clean = planted(ground, "gaps filled by outcome", WON)
    name = next(each for each in leaky.columns if not leaky[each].equals(clean[each]))
    lost, won = (leaky.drop_nulls("won").filter(pl.col("won") == each)[name].mode()[0] for each in (0, 1))
    assert lost != won
    assert leaky.filter(pl.col(name) == won)["won"].mean() > 0.9
    assert clean.filter(pl.col(name) == clean[name].mode()[0])["won"].mean() < 0.8


def test_components_stand_in_place_of_features_and_clusters_beside_them(ground):
    kinds = {
        tuple(sorted({"pc0", "cluster", "elo_diff"} & set(each.columns)))
        for seed in range(4)
        for each in planted(ground, "components with target", seed=seed)
    }
    assert kinds == {("pc0",), ("cluster", "elo_diff")}


def test_made_up_rows_are_home_losses_and_tested_in_the_leaky_table_alone(ground):
    games = ground.close.height
    for seed in range(4):
        leaky, clean = planted(ground, "oversampled before split", seed=seed)
        assert leaky["won"].mean() == pytest.approx(0.5, abs=0.02)
        assert leaky.tail(-games)["fold"].null_count() == 0
        assert clean.tail(-games)["fold"].null_count() == clean.height - games > 0
        assert (clean.tail(-games)["won"] == 0).all()
