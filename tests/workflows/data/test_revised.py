from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from busta.features.store import open_gold
from busta.markets.dataset import assemble
from busta.plugins import pick
from busta.registry.versions import resolve
from busta.workflows.data.revised import revised
from busta.workflows.predicting.forecast import stored_forecasts
from workspaces import KINDS

OPEN, CLOSE = "moneyline-open", "ats"


@pytest.fixture
def judged(trained):
    """The stored forecasts of a kind, and the table of today with the same games."""

    def of(kind):
        gold = open_gold(trained.settings.gold / "sim" / trained.results[kind]["gold_version"])
        data = assemble(gold, pick("league", "sim"), pick("market", kind.partition("-")[0]), **KINDS[kind])
        return stored_forecasts(trained.registry, resolve(trained.registry, f"busta-sim-{kind}")), data

    return of


def changed(values, rows):
    """The same with something else in those rows."""
    out = values.astype(np.float64).copy()
    out[rows] += 0.5
    return out


def test_games_of_which_nothing_was_touched_stand(judged, kind):
    assert revised(*judged(kind)) == {}


@pytest.mark.parametrize(
    ("kind", "field", "what"),
    [
        (CLOSE, "value", "result"),
        (CLOSE, "line", "line"),
        (CLOSE, "prices", "price"),
        (OPEN, "prices", "price"),
        (OPEN, "closing_line", "close"),
        (OPEN, "closing_prices", "close"),
    ],
)
def test_what_differs_is_named_with_its_games_in_order_of_time(judged, kind, field, what):
    forecasts, data = judged(kind)
    ids = forecasts.games["game_id"].to_list()
    chosen = [ids[40], ids[7], ids[100]]
    rows = [data.games["game_id"].to_list().index(game) for game in chosen]

    found = revised(forecasts, replace(data, **{field: changed(getattr(data, field), rows)}))

    assert found == {what: [ids[7], ids[40], ids[100]]}


def test_a_bet_at_the_close_is_held_against_no_later_line(judged):
    forecasts, data = judged(CLOSE)
    assert revised(forecasts, replace(data, closing_line=data.closing_line + 1)) == {}


def test_what_became_known_or_unknown_differs(judged):
    forecasts, data = judged(CLOSE)
    first = forecasts.games["game_id"][0]
    row = data.games["game_id"].to_list().index(first)
    unknown = data.prices.copy()
    unknown[row, 1] = np.nan

    assert revised(forecasts, replace(data, prices=unknown)) == {"price": [first]}
    then = replace(forecasts, prices=np.where(np.arange(len(forecasts))[:, None] == 0, np.nan, forecasts.prices))
    assert revised(then, data) == {"price": [first]}


def test_games_that_are_not_there_are_gone_in_whatever_order_the_others_stand(judged):
    forecasts, data = judged(CLOSE)
    gone = forecasts.games["game_id"].to_list()[10:13]
    kept = np.flatnonzero(~data.games["game_id"].is_in(gone).to_numpy())

    assert revised(forecasts, data.take(kept[::-1].copy())) == {"gone": gone}
    assert revised(forecasts, data.take(kept[:0])) == {"gone": forecasts.games["game_id"].to_list()}


def test_games_that_nobody_judged_are_not_looked_at(judged):
    forecasts, data = judged(CLOSE)
    others = np.flatnonzero(~data.games["game_id"].is_in(forecasts.games["game_id"].implode()).to_numpy())

    assert others.size
    assert revised(forecasts, replace(data, value=changed(data.value, others))) == {}
