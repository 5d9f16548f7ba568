"""What if the price was worse, or the market read another way."""

import numpy as np
import pytest

from busta.betting.odds import VIG_METHODS, remove_vig
from busta.performance.simulation import Choice, choose
from busta.performance.simulation.sensitivity import by_slippage, by_vig_method, read_by
from busta.scoring.proper import log_loss

FILTERS = {
    "all": {},
    "season": {"seasons": (2021,)},
    "team": {"teams": ("PHX",)},
    "none": {"seasons": (2021,), "teams": ("PHX",)},
}
LONG = [[1.25, 4.5], [1.25, 4.5], [3.0, 1.45]]


def test_slippage_changes_the_price_not_the_bets(season):
    board = season([1, -1, 1], 0.6, line=0, prices=2.0)
    rows = by_slippage(board, choose(board, Choice()).bets)
    assert [row["slippage"] for row in rows] == [0, 0.01, 0.02, 0.05]
    assert [row["bets"] for row in rows] == [3] * 4
    assert [row["unit_profit"] for row in rows] == pytest.approx([1, 0.98, 0.96, 0.9])
    assert [row["claimed_edge"] for row in rows] == pytest.approx([0.2, 0.194, 0.188, 0.17])


def test_an_anchored_model_moves_with_the_reading_of_its_anchor(season):
    """One that says what the market says still says it when the market is read another way."""
    market = remove_vig(LONG)[:, 0]
    board = season([1, -1, 1], market, market="moneyline", line=0, prices=LONG, close=market)
    for method in VIG_METHODS:
        read, fair = read_by(board, method), remove_vig(LONG, method)[:, 0]
        assert read.probability == pytest.approx(fair)
        assert read.triples == pytest.approx(np.column_stack((fair, 0 * fair, 1 - fair)))
        assert read.closing[:, 0] == pytest.approx(fair)
        assert read.baselines["closing_line"] == pytest.approx(fair)


def test_a_blind_model_stays_and_a_push_stays(season):
    board = season([1, -1, 1], 0.6, market="moneyline", line=0, prices=LONG, blind=True, push=0.1)
    read = read_by(board, "power")
    assert (read.probability == board.probability).all()
    assert (read.triples == board.triples).all()
    assert read.closing[:, 1] == pytest.approx([0.1] * 3)
    assert read.closing.sum(axis=1) == pytest.approx(1)
    assert (read.closing[:, 0] != board.closing[:, 0]).all()


def test_a_game_without_both_prices_or_with_a_sure_push_stays(season):
    board = season([1, 1], 0.6, prices=[[1.5, np.nan], [1.25, 4.5]], push=[0, 1])
    read = read_by(board, "additive")
    assert (read.triples[0] == board.triples[0]).all()
    assert read.triples[1].tolist() == [0, 1, 0]


def test_the_base_is_the_method_the_forecasts_were_made_with(season):
    board = season([1, 1, 1], 0.6, market="moneyline", line=0, prices=LONG)
    assert (read_by(board, "power", base="power").triples == board.triples).all()


def test_each_method_has_its_row_and_the_close_its_log_loss(season):
    market = remove_vig(LONG)[:, 0]
    board = season([1, -1, 1], market, market="moneyline", moment="open", line=0, prices=LONG, close=market)
    rows = by_vig_method(board, Choice(min_edge=-0.2))
    assert [row["method"] for row in rows] == list(VIG_METHODS)
    assert rows[0]["closing_log_loss"] == pytest.approx(log_loss(market, board.y))
    assert rows[2]["closing_log_loss"] == pytest.approx(log_loss(remove_vig(LONG, "power")[:, 0], board.y))
    assert rows[1] == rows[3] | {"method": "additive"}  # Shin's of two sides is the additive method
    assert rows[0]["clv"] != rows[2]["clv"]


def test_the_log_loss_of_the_close_is_that_of_the_games_looked_at(season):
    """.8 said of a win, .6 of another: ln .8 in 2021, ln .6 where PHX plays, the mean of both over all."""
    board = season([1, 1], 0.6, close=[0.8, 0.6], year=[2021, 2022], home=["BOS", "PHX"], away="LAX")
    losses = {name: by_vig_method(board, Choice(**asked))[0]["closing_log_loss"] for name, asked in FILTERS.items()}
    assert losses == pytest.approx(
        {"all": -np.log([0.8, 0.6]).mean(), "season": -np.log(0.8), "team": -np.log(0.6), "none": np.nan}, nan_ok=True
    )


def test_a_worse_price_asks_for_a_higher_hit_rate(season):
    """1 / 2 at the price quoted; a profit of .95 instead of 1, 1 / 1.95."""
    board = season([1, -1], 0.6, line=0, prices=2.0)
    rows = by_slippage(board, choose(board, Choice()).bets, (0.0, 0.05))
    assert [row["break_even_hit_rate"] for row in rows] == pytest.approx([0.5, 1 / 1.95])


def test_slippage_goes_for_every_method(season):
    board = season([1, 1], 0.6, line=0, prices=2.0)
    assert by_vig_method(board, Choice(), slippage=0.1)[0]["unit_profit"] == pytest.approx(1.8)


def test_no_close_no_log_loss(season):
    board = season([None, 1], 0.6, close=np.nan)
    assert np.isnan(by_vig_method(board, Choice())[0]["closing_log_loss"])
