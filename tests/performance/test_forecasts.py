"""What was forecast, beside what the market said and what came of it."""

from dataclasses import fields, replace

import numpy as np
import polars as pl
import pytest

from busta.leagues.sim import LEAGUE
from busta.markets.dataset import assemble
from busta.models.walk import walk
from busta.performance.forecasts import Forecasts
from busta.performance.honesty.foretold import foretold
from busta.plugins import markets
from busta.settings import Train
from support import same_bytes

ARRAYS = [
    field.name for field in fields(Forecasts) if field.type in ("Floats", "NDArray[np.int64]", "NDArray[np.bool_]")
]


def gappy():
    """Forecasts with something missing wherever something may be."""
    made = foretold(seasons=2, weeks=4, per_week=4, bias=1.0)
    made.scores["crps"] = np.full(len(made), 7.0)
    for name in ("prices", "triples", "closing", "closing_prices", "closing_mean", "closing_line", "y", "market_mean"):
        getattr(made, name)[:3] = np.nan
    made.baselines["opening_line"][1] = made.scores["crps"][2] = np.nan
    made.price_assumed[::3] = True
    return made


def assert_same(one, other):
    for name in ARRAYS:
        found, wanted = getattr(one, name), getattr(other, name)
        assert found.dtype == wanted.dtype, name
        np.testing.assert_array_equal(found, wanted, err_msg=name)
    for name in ("baselines", "scores"):
        found, wanted = getattr(one, name), getattr(other, name)
        assert found.keys() == wanted.keys()
        for key in wanted:
            np.testing.assert_array_equal(found[key], wanted[key], err_msg=key)
    assert same_bytes(one.games, other.games)
    assert (one.league, one.market, one.blind, one.moment) == (other.league, other.market, other.blind, other.moment)


@pytest.fixture(scope="module", params=["moneyline", "ats", "totals"])
def walked(request, gold):
    data = assemble(gold, LEAGUE, markets()[request.param])
    return walk(data, Train(jobs=1)), data


def test_those_of_a_walk_are_the_tested_games_in_order(walked):
    found, data = walked
    made = Forecasts.of(found, data)
    assert len(made) == found.rows.size
    assert made.games["game_id"].to_list() == data.games["game_id"][found.rows].to_list()
    for name, of in (("line", data.line), ("prices", data.prices), ("value", data.value), ("y", data.y)):
        np.testing.assert_array_equal(getattr(made, name), of[found.rows])
    for name, of in (("mean", "model"), ("market_mean", "market"), ("closing_mean", "closing")):
        assert getattr(made, name) is found.means[of]
    np.testing.assert_array_equal(made.weeks, data.weeks[found.rows])
    assert made.seasons.tolist() == data.games["season"][found.rows].to_list()
    assert made.scores is found.distribution_scores


@pytest.mark.parametrize("blind", [True, False])
@pytest.mark.parametrize("moment", ["open", "close"])
@pytest.mark.parametrize("market", ["moneyline", "ats", "totals"])
def test_what_is_stored_is_read_again_bit_for_bit(tmp_path, market, moment, blind):
    made = replace(foretold(market=market, moment=moment, seasons=2, weeks=4, per_week=4), blind=blind)
    made.to_frame().write_parquet(tmp_path / "stored.parquet")
    frame = pl.read_parquet(tmp_path / "stored.parquet")
    assert_same(Forecasts.from_frame(frame, "sim", market, blind=blind, moment=moment), made)


def test_what_is_not_known_is_stored_as_null_and_read_as_nan(tmp_path):
    made = gappy()
    frame = made.to_frame()
    assert frame["first_price"][:3].null_count() == 3
    assert not any(frame[name].is_nan().any() for name in frame.columns if frame[name].dtype == pl.Float64)
    frame.write_parquet(tmp_path / "stored.parquet")
    read = pl.read_parquet(tmp_path / "stored.parquet")
    assert_same(Forecasts.from_frame(read, "sim", "ats", blind=False, moment="open"), made)


def test_a_walk_is_stored_and_read_bit_for_bit(walked, tmp_path):
    found, data = walked
    made = Forecasts.of(found, data)
    made.to_frame().write_parquet(tmp_path / "stored.parquet")
    frame = pl.read_parquet(tmp_path / "stored.parquet")
    assert_same(Forecasts.from_frame(frame, "sim", data.market.name, blind=False, moment="close"), made)


def test_a_table_that_lacks_a_column_is_refused():
    frame = foretold(seasons=1, weeks=2, per_week=2).to_frame().drop("closing_mean")
    with pytest.raises(pl.exceptions.ColumnNotFoundError, match="closing_mean"):
        Forecasts.from_frame(frame, "sim", "ats", blind=False, moment="open")


def test_games_are_taken_by_number_in_the_order_given_or_by_a_mask():
    made = gappy()
    some = made.take(np.array([5, 2, 9]))
    assert some.games["game_id"].to_list() == [made.games["game_id"][i] for i in (5, 2, 9)]
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(some, name), getattr(made, name)[[5, 2, 9]])
    np.testing.assert_array_equal(some.baselines["elo"], made.baselines["elo"][[5, 2, 9]])
    chosen = np.zeros(len(made), dtype=bool)
    chosen[[2, 5, 9]] = True
    assert_same(made.take(chosen), made.take(np.array([2, 5, 9])))
    assert len(made.take(np.zeros(len(made), dtype=bool))) == 0


def test_later_games_follow_with_what_both_have():
    made, later = foretold(seasons=1), foretold(seasons=1, first=2002)
    known = replace(later, baselines={"closing_line": later.baselines["closing_line"]}, scores={})
    both = made.then(known)
    assert len(both) == len(made) + len(later)
    assert tuple(both.baselines) == ("closing_line",)
    assert both.scores == {}
    assert_same(
        both.take(np.arange(len(made))), replace(made, baselines=dict(list(made.baselines.items())[:1]), scores={})
    )
    assert_same(both.take(np.arange(len(made), len(both))), known)


def test_the_line_to_beat_is_that_of_the_moment():
    assert [foretold(moment=moment, seasons=1).bar for moment in ("open", "close")] == ["opening_line", "closing_line"]
