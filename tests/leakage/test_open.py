"""At the open nothing of the close is known, nor of anything else that comes later."""

from dataclasses import fields

import numpy as np
import polars as pl
import pytest

from busta.data.schema import FINAL_LAG
from busta.leagues.sim import LEAGUE
from busta.markets.dataset import assemble
from busta.plugins import markets
from support import at, gold_from

DATES = [at(text) for text in ("2010-10-03T17:00:02", "2012-10-14T19:30", "2015-11-16T03:00")]
PRICES = ("first_price", "second_price")
RATINGS = ("market_", "power_", "starter_power_", "starter_total_", "price_gap", "price_total_gap", "home_edge")
OF_EARLIER_CLOSES = ("cover_margin", "over_margin", "past_", "total_level", *RATINGS)
CLOSING = {"closing_line", "closing_prices", "closing_log_odds"}


@pytest.fixture(params=markets().values(), ids=lambda market: market.name)
def market(request):
    return request.param


def closes_changed(quotes, which):
    """The quotes with another line and other prices at those closes."""
    chosen = (pl.col("moment") == "close") & which
    line = pl.when(pl.col("market") != "moneyline").then(pl.col("line") + 9).otherwise("line")
    new = {"line": line, "first_price": pl.lit(1.2), "second_price": pl.lit(5.5)}
    return quotes.with_columns(pl.when(chosen).then(value).otherwise(name).alias(name) for name, value in new.items())


def arrays(data, rows):
    return {
        each.name: value[rows]
        for each in fields(data)
        if isinstance(value := getattr(data, each.name), np.ndarray) and each.name not in CLOSING
    }


def test_other_closes_leave_every_bet_at_the_open_as_it_was(world, gold, market):
    """Form is of earlier games' closes too, and rightly so: of the features, only those may move."""
    before = assemble(gold, LEAGUE, market, moment="open")
    changed = gold_from(world.games, closes_changed(world.quotes, pl.lit(value=True)), LEAGUE, world.facts)
    after = assemble(changed, LEAGUE, market, moment="open")
    assert after.games.drop("known_at").equals(before.games.drop("known_at"))
    past = np.array([name.startswith(OF_EARLIER_CLOSES) for name in before.names])
    assert any(name.startswith("price_") for name in before.names)
    old, new = (arrays(data, slice(None)) for data in (before, after))
    np.testing.assert_array_equal(old.pop("X")[:, ~past], new.pop("X")[:, ~past])
    for name, value in old.items():
        np.testing.assert_array_equal(value, new[name], err_msg=name)
    for name in CLOSING - ({"closing_line"} if not market.has_line else set()):
        assert (getattr(before, name) != getattr(after, name)).any(), f"{name} never saw the close"


@pytest.mark.parametrize("date", DATES, ids=str)
@pytest.mark.parametrize("blind", [False, True])
def test_a_close_later_than_a_decision_at_the_open_changes_nothing_of_it(world, gold, market, date, blind):
    later = pl.col("known_at") >= date
    changed = gold_from(world.games, closes_changed(world.quotes, later), LEAGUE, world.facts)
    before, after = (assemble(store, LEAGUE, market, moment="open", blind=blind) for store in (gold, changed))
    early = (before.games["decision_time"] <= date).to_numpy()
    assert early.any()
    assert not early.all()
    for name, value in arrays(before, early).items():
        np.testing.assert_array_equal(value, arrays(after, early)[name], err_msg=name)
    waiting = early & (before.games["kickoff"] > date).to_numpy()
    assert (before.closing_prices[waiting] != after.closing_prices[waiting]).all()


def test_a_game_of_the_last_days_is_not_known_yet_at_the_open(world, gold, market):
    """The open is known a week before: of a team that played six days ago, the result is not in its row."""
    data = assemble(gold, LEAGUE, market, moment="open", blind=True)
    final = pl.col("kickoff") + FINAL_LAG
    for row in range(700, 720):
        target = data.games.row(row, named=True)
        teams = [target["home_team"], target["away_team"]]
        theirs = pl.col("home_team").is_in(teams) | pl.col("away_team").is_in(teams)
        late = theirs & (final >= target["decision_time"]) & (pl.col("kickoff") < target["kickoff"])
        if world.games.filter(late).height:
            break
    score = pl.when(late).then(pl.col("home_score") + 40).otherwise("home_score").alias("home_score")
    assert world.games.filter(late, pl.col("home_score").is_not_null()).height
    changed = gold_from(world.games.with_columns(score), world.quotes, LEAGUE, world.facts)
    after = assemble(changed, LEAGUE, market, moment="open", blind=True)
    assert after.X[row].tobytes() == data.X[row].tobytes()
    closed = (assemble(store, LEAGUE, market, blind=True).X[row].tobytes() for store in (gold, changed))
    assert len(set(closed)) == 2, "the results reach nothing, so they prove nothing"
