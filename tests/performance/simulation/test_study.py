"""The whole back-test of one model, on seasons worked out by hand."""

import json

import numpy as np
import pytest

from busta.betting.staking_rules import Staking
from busta.errors import UsageError
from busta.performance.simulation.choice import Choice
from busta.performance.simulation.study import Plan, study

HIT = 1 + 100 / 110


def half(unit=0.5, **choice):
    return Plan(Choice(**choice), Staking("flat", unit=unit))


def test_a_season_at_the_open_by_hand(season):
    """Six games at 2.0, all bet on home with .6 but the fourth, which the model leaves (.5).

    1 covers, +1; 2 lands on the line, 0; 3 is postponed; 5 is on neutral ground and does not cover, -1;
    6 covers and has no close, +1. The close gives home .55 at the bet's line (+10 %), after the line
    moved a point its way; three settled bets of four have it.
    """
    board = season(
        [7, 3, None, 9, -7, 10],
        [0.6, 0.6, 0.6, 0.5, 0.6, 0.6],
        moment="open",
        line=3,
        prices=2.0,
        close=[0.55] * 5 + [np.nan],
        closing_line=[4, 4, 4, 4, 4, np.nan],
        assumed=True,
        market_mean=3,
    )
    found = study(board, Plan())
    figures = found.figures
    hand = {
        "bets": 4,
        "voids": 1,
        "pushes": 1,
        "won": 2,
        "lost": 1,
        "unit_profit": 1,
        "turnover": 4,
        "bankroll_end": 101,
        "clv_points": 1,
    }
    assert {name: figures[name] for name in hand} == pytest.approx(hand)
    assert figures["unit_roi"] == pytest.approx(0.25)
    assert figures["clv"] == pytest.approx(0.1)
    assert figures["clv_coverage"] == 0.75
    assert figures["closing_line_hit_rate"] == pytest.approx(0.55)
    assert figures["claimed_edge"] == pytest.approx(0.2)
    assert found.abstained == {"edge below 2.0%": 1}
    assert found.missing_closes == {"the market has no quote at the close": 1, "the game has no result: void": 1}
    assert found.notes["prices"] == "5 of 5 bets are at an assumed price; nobody recorded the real one"
    assert found.notes["voids"].startswith("1 bets are on games without a result")
    assert found.strategies["home"]["unit_profit"] == 2  # the fourth covered, too
    assert found.strategies["away"]["unit_profit"] == -2
    assert found.strategies["underdog"]["bets"] == 5
    assert found.same_bets["favourite"]["unit_profit"] == figures["unit_profit"]
    assert found.by_season[0]["unit_profit"] == 1


def test_a_season_that_goes_broke_by_hand(season):
    """Half of the first bankroll a week at 2.0: lost, lost: nothing left for the third and fourth."""
    found = study(season([-1, -1, 9, 9], 0.6, line=0, prices=2.0), half())
    assert found.ledger.path.tolist() == [100, 50, 0, 0, 0]
    assert found.notes["broke"] == "the bankroll was lost in week 2020-02; it stays lost, 2 bets had no stake"
    assert found.figures["unit_profit"] == 0  # flat units know no bankroll
    assert found.figures["roi"] == -1


def test_a_week_that_asks_for_too_much_says_so(season):
    found = study(season([1, 1, -1], 0.6, line=0, prices=2.0, week=1), half())
    assert found.ledger.stake.tolist() == pytest.approx([100 / 3] * 3)
    assert found.notes["scaled"] == "in 1 weeks the bets asked for more than the bankroll and were scaled down"


def test_coins_at_minus_110_lose_the_vig(season):
    found = study(season([1, -1] * 200, 0.5, line=0, week=np.arange(400) // 20), Plan())
    coin = found.strategies["coin"]
    assert coin["luck_low"] < -1 / 22 < coin["luck_high"]
    assert found.strategies["home"]["unit_roi"] == pytest.approx(-1 / 22)
    assert found.figures["bets"] == 0
    assert np.isnan(found.figures["unit_roi"])
    assert "no bet was placed" in found.notes["figures"]
    assert found.same_bets["coin"]["bets"] == 0


def test_a_season_of_pushes_is_an_honest_null(season):
    found = study(season([3] * 5, 0.6, line=3, prices=2.0), Plan())
    assert (found.figures["pushes"], found.figures["unit_roi"]) == (5, 0)
    assert np.isnan(found.figures["hit_rate"])
    assert "hit_rate: every bet was a push" in found.notes["figures"]
    assert found.notes["scores"] == "no game has a result and a probability of the model and of every line"
    assert np.isnan([found.figures["bets_needed_claimed"], found.figures["bets_needed_seen"]]).all()


def test_one_season_says_that_it_is_one(season):
    board = season([1, -1, 1, 1], 0.6, line=0, year=[2020, 2020, 2021, 2021])
    assert "seasons" not in study(board, Plan()).notes
    assert study(board, half(seasons=(2021,))).notes["seasons"].startswith("all bets are of one season, 2021")
    assert [row["season"] for row in study(board, Plan()).by_season] == [2020, 2021]


def test_filters_go_for_model_and_strategies_and_are_named(season):
    board = season([1, -1, 1, 1], 0.6, line=0, year=[2020, 2020, 2021, 2021])
    found = study(board, half(seasons=(2021,)))
    assert found.games == found.figures["bets"] == found.strategies["home"]["bets"] == 2
    assert "proves nothing by itself" in found.notes["filters"]
    assert "filters" not in study(board, Plan()).notes
    with pytest.raises(UsageError, match="unknown season"):
        study(board, half(seasons=(1999,)))


def test_the_figures_stand_beside_the_closing_lines_on_the_same_games(season):
    board = season([1, -1, 1, None], [0.9, 0.1, 0.9, 0.9], line=0, close=[0.5, 0.4, np.nan, 0.5])
    scores = study(board, Plan()).scores
    assert list(scores) == ["model", "closing_line"]
    assert {row["games"] for row in scores.values()} == {2}
    assert scores["model"]["log_loss"] == pytest.approx(-np.log(0.9))
    assert scores["model"]["accuracy"] == 1


def test_at_the_open_the_opening_line_stands_there_too(season):
    assert "opening_line" in study(season([1, -1], 0.6, line=0, moment="open"), Plan()).scores


def test_slippage_goes_for_everybody(season):
    board = season([1, -1, 1, 1], 0.6, line=0, prices=2.0)
    found = study(board, Plan(slippage=0.1))
    assert found.figures["unit_profit"] == pytest.approx(3 * 0.9 - 1)
    assert found.strategies["home"]["unit_profit"] == pytest.approx(3 * 0.9 - 1)
    assert found.notes["slippage"] == "every price pays 10.0% less of its profit than was quoted"
    clean = study(board, Plan())
    assert found.strategies["coin"]["luck_high"] < clean.strategies["coin"]["luck_high"]
    assert found.slippage == clean.slippage  # the table starts from the prices quoted


def test_the_champion_bets_the_same_games_by_the_same_rules(season):
    board, champion = season([1, -1, 1], 0.6, line=0, prices=2.0), season([1, -1], 0.4, line=0, prices=1.5)
    found = study(board, Plan(), champion)
    assert found.strategies["champion"]["bets"] == 2
    assert found.strategies["champion"]["mean_price"] == 2.0
    assert found.strategies["champion"]["unit_profit"] == 0
    assert found.strategies["champion"]["claimed_edge"] == pytest.approx(0.2)
    assert "champion" not in study(board, Plan()).strategies


@pytest.mark.parametrize(
    "rule", ["flat", "proportional", "kelly", "fractional-kelly", "shrunk-kelly", "simultaneous-kelly"]
)
def test_every_rule_stakes_the_model_and_the_strategies_stay_flat(season, rule):
    board = season([1, -1, 1, 1], 0.6, line=0, prices=2.0, week=[1, 1, 2, 2], year=[2020, 2020, 2021, 2021])
    found = study(board, Plan(staking=Staking(rule)), board)
    assert found.figures["turnover"] > 0
    assert found.strategies["home"]["turnover"] == 4
    assert found.figures["unit_profit"] == found.strategies["champion"]["unit_profit"] == 2


def test_bets_needed_are_those_of_the_edge_claimed_and_of_the_roi_seen(season):
    """At -110, .55 claimed needs 2,242 bets; .57 seen, 719."""
    board = season([1] * 57 + [-1] * 43, 0.55, line=0, week=np.arange(100) // 10)
    figures = study(board, Plan()).figures
    assert figures["bets_needed_claimed"] == 2242
    assert figures["bets_needed_seen"] == 719


def test_pushes_do_not_help_to_prove_an_edge(season):
    """A tenth of the bets pushed: the same hit rate of .57 is seen."""
    board = season([1] * 57 + [-1] * 43 + [0] * 11, 0.55, line=0, week=np.arange(111) // 10)
    assert study(board, Plan()).figures["bets_needed_seen"] == 719


def test_losing_and_certain_bets_cannot_be_proven(season):
    assert np.isnan(study(season([-1] * 4, 0.6, line=0), Plan()).figures["bets_needed_seen"])
    assert np.isnan(study(season([1] * 4, 0.6, line=0), Plan()).figures["bets_needed_seen"])


@pytest.mark.parametrize("moment", ["open", "close"])
@pytest.mark.parametrize("market", ["ats", "moneyline", "totals"])
@pytest.mark.parametrize("value", [[5], [50, None, 0, -3], [None, None], []])
def test_every_null_has_its_reason(season, market, moment, value):
    board = season(value, 0.6, market=market, moment=moment, line=0, close=np.nan if len(value) == 2 else 0.55)
    found = study(board, Plan(), board)
    tables = {"figures": found.figures}
    tables |= {f"strategies.{name}": row for name, row in found.strategies.items()}
    tables |= {f"same_bets.{name}": row for name, row in found.same_bets.items()}
    for name, figures in tables.items():
        for figure, number in figures.items():
            said_once = moment == "close" and figure.startswith("clv") and name != "figures"
            if not np.isfinite(number) and not said_once:
                assert figure in found.notes[name].replace(":", ",").replace(";", ",").replace(",", " ").split()
    assert json.dumps(found.notes)
