from __future__ import annotations

from datetime import timedelta
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from busta.leagues.sim import LEAGUE, World
from busta.leagues.simulation.seasons import POPULAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from busta.data.source import Batch

MARKETS = {"moneyline": "home_win", "ats": "home_cover", "totals": "over"}
SIX = [(moment, market) for moment in ("open", "close") for market in MARKETS]
PRICES = [f"{side}_{moment}_{market}" for moment, market in SIX for side in ("first", "second")]


def unpopular_edges(games: pl.DataFrame) -> NDArray[np.float64]:
    """True expected profit of a unit on the unpopular side of each mixed game, at the closing spread."""
    popular = {code for code, is_popular in zip(LEAGUE.teams, POPULAR, strict=True) if is_popular}
    home, away = pl.col("home_team").is_in(popular), pl.col("away_team").is_in(popular)
    mixed = games.filter(home != away)
    win = pl.when(home).then(1 - pl.col("home_cover")).otherwise(pl.col("home_cover"))
    price = pl.when(home).then("second_close_ats").otherwise("first_close_ats")
    return mixed.select(win * price - 1).to_series().to_numpy()


# the market


def test_the_close_is_nearer_the_truth_than_the_open_by_the_chosen_share(sim_long: pl.DataFrame) -> None:
    for market, mean in (("ats", "margin_mean"), ("totals", "total_mean")):
        opened = (sim_long[mean] - sim_long[f"line_open_{market}"]).to_numpy()
        closed = (sim_long[mean] - sim_long[f"line_close_{market}"]).to_numpy()
        assert opened.std() == pytest.approx(2.0, abs=0.15)
        assert closed.std() == pytest.approx(1.0, abs=0.2)  # and the rounding
        assert np.mean(np.abs(closed) < np.abs(opened)) > 0.6


def test_the_way_a_line_moved_says_nothing_that_the_closing_price_does_not(sim_long: pl.DataFrame) -> None:
    for market, chance in (("ats", "home_cover"), ("totals", "over")):
        first, second = (1 / sim_long[f"{side}_close_{market}"] for side in ("first", "second"))
        surplus = sim_long[chance] - first / (first + second)
        move = sim_long[f"line_close_{market}"] - sim_long[f"line_open_{market}"]
        assert abs(np.corrcoef(surplus, move)[0, 1]) < 0.03


def test_a_close_that_corrects_everything_is_the_truth(played: Callable[[World], pl.DataFrame]) -> None:
    games = played(World(seasons=2, close_correction=1.0))
    assert (games["margin_mean"] - games["line_close_ats"]).abs().lt(2).all()
    assert (games["home_cover"] - 0.5).abs().lt(0.05).all()


def test_prices_are_legal_even_in_an_extreme_world(
    sim_long: pl.DataFrame, played: Callable[[World], pl.DataFrame]
) -> None:
    for table in (sim_long, played(World(seasons=1, edge=20.0, open_bias=20.0, vig=0.0))):
        assert table.select(pl.min_horizontal(PRICES).min()).item() > 1


def test_prices_carry_two_to_six_percent_of_vig_and_are_minus_110_when_even(sim_long: pl.DataFrame) -> None:
    for offer in SIX:
        first, second = (1 / sim_long["_".join((side, *offer))] for side in ("first", "second"))
        assert (first + second - 1).is_between(0.02, 0.06).all()
    assert (1 / sim_long["first_close_ats"]).median() == pytest.approx(110 / 210, abs=0.005)


def test_quotes_are_known_a_week_and_a_second_before_the_start(sim: Batch) -> None:
    joined = sim.quotes.join(sim.games.select("game_id", "kickoff"), on="game_id")
    lead = joined.select("moment", lead=pl.col("kickoff") - pl.col("known_at")).unique()
    assert set(lead.rows()) == {("open", timedelta(days=7)), ("close", timedelta(seconds=1))}
    assert not sim.quotes["known_at_assumed"].any()


def test_no_side_is_profitable_in_a_fair_market(sim_long: pl.DataFrame) -> None:
    for market, chance in MARKETS.items():
        first = sim_long[chance] * sim_long[f"first_close_{market}"] - 1
        second = (1 - sim_long[chance]) * sim_long[f"second_close_{market}"] - 1
        assert first.mean() == pytest.approx(-0.045, abs=0.01)
        assert second.mean() == pytest.approx(-0.045, abs=0.01)
        favourite = sim_long[f"first_close_{market}"] < sim_long[f"second_close_{market}"]
        for edges in (first, second):
            assert edges.filter(favourite).mean() == pytest.approx(-0.045, abs=0.025)
    assert unpopular_edges(sim_long).mean() == pytest.approx(-0.045, abs=0.01)


def test_a_planted_edge_makes_the_underrated_half_profitable_at_the_close(
    played: Callable[[World], pl.DataFrame],
) -> None:
    fair, planted = (unpopular_edges(played(World(edge=edge))) for edge in (0.0, 3.0))
    assert fair.mean() < -0.03
    assert planted.mean() > 0.08
    assert len(planted) > 1500


# held to the NFL's published figures


def test_the_closing_line_leaves_what_it_leaves_in_the_nfl(sim_long: pl.DataFrame) -> None:
    margin = (sim_long["margin"] - sim_long["line_close_ats"]).to_numpy()
    total = (sim_long["total"] - sim_long["line_close_totals"]).to_numpy()
    assert margin.std() == pytest.approx(13.3, abs=0.25)
    assert total.std() == pytest.approx(13.5, abs=0.25)
    assert margin.mean() == pytest.approx(0, abs=0.4)
    assert total.mean() == pytest.approx(0, abs=0.5)
    assert abs(np.corrcoef(margin, total)[0, 1]) < 0.05


def test_margins_have_the_key_numbers_of_the_nfl(sim_long: pl.DataFrame) -> None:
    size = sim_long["margin"].abs()
    published = {0: 0.003, 1: 0.04, 3: 0.146, 6: 0.063, 7: 0.0905, 10: 0.055, 14: 0.05}
    for points, share in published.items():
        slack = 3.5 * sqrt(share * (1 - share) * (1 / len(size) + 1 / 6421))
        assert (size == points).mean() == pytest.approx(share, abs=slack), points


def test_lines_on_key_numbers_push_as_often_as_in_the_nfl(sim_long: pl.DataFrame) -> None:
    for points, rate, lines in ((3, 0.091, 542), (7, 0.074, 250)):
        at_line = sim_long.filter(pl.col("line_close_ats").abs() == points)
        pushes = (at_line["margin"] == at_line["line_close_ats"]).mean()
        slack = 3 * sqrt(rate * (1 - rate) * (1 / at_line.height + 1 / lines))
        assert pushes == pytest.approx(rate, abs=slack), points


def test_the_home_side_and_the_totals_are_the_nfls(sim_long: pl.DataFrame) -> None:
    at_home = sim_long.filter(~pl.col("neutral"))
    assert at_home["margin"].mean() == pytest.approx(2.2, abs=0.35)
    assert sim_long["total"].mean() == pytest.approx(45, abs=1)
    assert sim_long["total"].std() == pytest.approx(14.05, abs=0.4)
    assert sim_long["margin"].std() == pytest.approx(14.7, abs=0.4)


def test_the_closing_moneyline_is_calibrated_and_as_sharp_as_the_nfls(sim_long: pl.DataFrame) -> None:
    decided = sim_long.filter(pl.col("margin") != 0)
    first, second = (1 / decided[f"{side}_close_moneyline"].to_numpy() for side in ("first", "second"))
    chance, won = first / (first + second), (decided["margin"] > 0).to_numpy()
    loss = -np.where(won, np.log(chance), np.log(1 - chance)).mean()
    assert 0.60 < loss < 0.625
    assert 0.63 < ((chance > 0.5) == won).mean() < 0.68
    design = np.stack([np.ones(len(won)), np.log(chance / (1 - chance))], axis=1)
    beta = np.zeros(2)
    for _ in range(10):  # Newton's method for a logistic regression
        fitted = 1 / (1 + np.exp(-design @ beta))
        beta += np.linalg.solve(design.T * (fitted * (1 - fitted)) @ design, design.T @ (won - fitted))
    assert beta[0] == pytest.approx(0, abs=0.06)
    assert beta[1] == pytest.approx(1, abs=0.08)
