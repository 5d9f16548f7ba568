from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import busta
from busta import Wanted
from busta.data.source import Batch
from busta.data.tables import Tables
from busta.errors import UsageError
from workspaces import CURRENT

COMING = f"{CURRENT}-18"
CHANCES = ("win", "push", "lose")


def coming(settings):
    return busta.predict(settings, "ats", Wanted(week=COMING), "sim")["predictions"][0]


def chance(result, market, side, line=None):
    (found,) = {
        tuple(row["probability"][name] for name in CHANCES)
        for row in result["prices"]
        if (row["market"], row["side"]) == (market, side) and line in (None, row["line"])
    }
    return np.array(found)


@pytest.fixture(scope="module")
def priced(trained):
    game = coming(trained.settings)
    home, away = game["home_team"], game["away_team"]
    return busta.price(
        trained.settings,
        game["game_id"],
        "sim",
        spreads=[f"{home} +3", f"{away} +3", f"{home} pk", f"{home} -2.25"],
        totals=[40, 40.5],
        teasers=[f"6 {home} over", f"6 {away}"],
    )


def test_what_predict_publishes_is_what_price_says(trained, priced):
    for market in ("moneyline", "ats", "totals"):
        rows = busta.predict(trained.settings, market, Wanted(week=COMING), "sim")["predictions"]
        (row,) = [row for row in rows if row["game_id"] == priced["game_id"]]
        (same,) = [each for each in priced["prices"][:6] if (each["market"], each["side"]) == (market, row["side"])]
        for name in ("line", "price", "probability", "fair_price", "edge"):
            assert same[name] == row[name], name


def test_no_two_prices_contradict_each_other(priced):
    home, away = chance(priced, "moneyline", "home"), chance(priced, "moneyline", "away")
    np.testing.assert_allclose(home, away[::-1], atol=1e-12)
    np.testing.assert_allclose(chance(priced, "ats", "home", 0), home, atol=1e-12)
    plus, minus = chance(priced, "ats", "home", -3), chance(priced, "ats", "home", 3)
    assert plus[0] > home[0] > minus[0]
    assert chance(priced, "totals", "over", 40)[0] == pytest.approx(chance(priced, "totals", "over", 40.5)[0])
    margins = priced["winning_margins"]
    assert sum(row["probability"]["win"] for row in margins) == pytest.approx(1)
    assert sum(row["probability"]["win"] for row in margins if row["side"] == "home") == pytest.approx(home[0])
    for first, second in zip(priced["team_totals"][::2], priced["team_totals"][1::2], strict=True):
        assert first["probability"]["win"] + second["probability"]["win"] == pytest.approx(1)
    assert sum(row["probability"]["win"] for row in priced["parity"].values()) == pytest.approx(1)
    for row in [*priced["prices"], *priced["parlays"], *priced["teasers"], *priced["team_totals"], *margins]:
        win, push, lose = (row["probability"][name] for name in CHANCES)
        assert win + push + lose == pytest.approx(1)
        assert row["fair_price"] == pytest.approx(1 + lose / win)


def test_a_quarter_line_lies_between_its_neighbours(trained, priced):
    game, home = priced["game_id"], priced["home_team"]
    sides = busta.price(trained.settings, game, "sim", spreads=[f"{home} -2", f"{home} -2.5"])
    between = (chance(sides, "ats", "home", 2) + chance(sides, "ats", "home", 2.5)) / 2
    np.testing.assert_allclose(chance(priced, "ats", "home", 2.25), between, atol=1e-12)


def test_a_teaser_moves_the_quoted_lines(priced):
    both, one = priced["teasers"]
    quoted = {(row["market"], row["side"]): row["line"] for row in priced["prices"][:6]}
    assert [(leg["market"], leg["side"]) for leg in both["legs"]] == [("ats", "home"), ("totals", "over")]
    assert [leg["line"] for leg in both["legs"]] == [quoted["ats", "home"] - 6, quoted["totals", "over"] - 6]
    assert one["legs"][0]["line"] == quoted["ats", "away"] + 6
    assert both["probability"]["win"] < one["probability"]["win"]
    assert both["fair_price_if_pushes_lose"] == pytest.approx(1 / both["probability"]["win"])


def test_it_is_one_json_object_of_plain_things(priced):
    assert json.loads(json.dumps(priced, allow_nan=False)) == priced
    assert priced["joint"] == dict.fromkeys(("moneyline", "ats", "totals"), "1")
    assert not priced["out_of_fold"]


def test_a_game_is_named_by_its_teams_too(trained, priced):
    named = f"{priced['away_team']}@{priced['home_team']}"
    found = busta.price(trained.settings, named, "sim", week=COMING)
    assert (found["game_id"], found["fair"]) == (priced["game_id"], priced["fair"])


def test_legs_of_other_games_are_theirs(trained, priced):
    other = busta.predict(trained.settings, "totals", Wanted(week=COMING), "sim")["predictions"][5]
    found = busta.price(
        trained.settings, priced["game_id"], "sim", teasers=[f"6 {priced['home_team']} over:{other['home_team']}"]
    )["teasers"][0]

    assert [leg["game_id"] for leg in found["legs"]] == [priced["game_id"], other["game_id"]]
    assert found["legs"][1]["line"] == other["line"] - 6
    one, two = (
        busta.price(trained.settings, game, "sim", teasers=[f"6 {leg}"])["teasers"][0]["probability"]["win"]
        for game, leg in ((priced["game_id"], priced["home_team"]), (other["game_id"], "over"))
    )
    assert found["probability"]["win"] == pytest.approx(one * two)


def test_a_game_learned_from_is_priced_by_what_was_said_before_it(trained):
    rows = busta.predict(trained.settings, "moneyline", Wanted(week="2012-10"), "sim")["predictions"]
    for row in rows[:3]:
        found = busta.price(trained.settings, row["game_id"], "sim")
        assert found["out_of_fold"]
        win, _, lose = chance(found, "moneyline", row["side"])
        said = row["probability"]
        assert win / (win + lose) == pytest.approx(said["win"] / (said["win"] + said["lose"]), abs=1e-9)


def test_without_a_version_of_a_market_the_rest_is_priced_and_it_is_said(trained, priced):
    found = busta.price(trained.settings, priced["game_id"], "sim", blind=True, totals=[44.5])

    assert found["joint"] == {"moneyline": "1", "ats": None, "totals": None}
    assert set(found["notes"]) == {"missing.ats", "missing.totals"}
    assert {row["market"] for row in found["prices"]} == {"moneyline"}
    assert found["parlays"] == found["team_totals"] == []
    assert found["parity"] is found["fair"]["total"] is None
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_spread_can_be_asked_for_where_none_is_quoted(borrowed):
    tables = Tables(borrowed.tables / "sim")
    games, quotes, *_ = tables.read()
    row = games.filter(season=CURRENT, week=18).row(0, named=True)
    kept = quotes.filter((pl.col("game_id") != row["game_id"]) | (pl.col("market") == "moneyline"))
    (tables.folder / "CURRENT").unlink()
    tables.update(Batch(games, kept))

    found = busta.price(borrowed, row["game_id"], "sim", spreads=["-3.5"])

    assert [row["line"] for row in found["prices"] if row["market"] == "ats"] == [3.5, 3.5]
    assert "no total is quoted" in found["notes"]["missing.totals"]
    with pytest.raises(UsageError, match="no line of ats is quoted"):
        busta.price(borrowed, row["game_id"], "sim", teasers=[f"6 {row['home_team']}"])


def test_models_that_contradict_each_other_are_told(trained, priced, monkeypatch):
    from dataclasses import replace

    from busta.workflows.predicting import joint

    heard = joint.hear

    def contrary(*arguments):
        said, missing = heard(*arguments)
        said["moneyline"] = replace(said["moneyline"], triples=said["moneyline"].triples[:, ::-1])
        return said, missing

    monkeypatch.setattr("busta.workflows.predicting.price.hear", contrary)
    rows = busta.predict(trained.settings, "ats", Wanted(week=COMING), "sim")["predictions"]
    wide = max(rows, key=lambda row: abs(row["line"]))
    found = busta.price(trained.settings, wide["game_id"], "sim")

    assert found["moved"]
    assert "the moneyline stands" in found["notes"]["moved"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"game": "2010_05_X_Y"}, "sim has no game"),
        ({"spreads": ["3.1"]}, "by quarters"),
        ({"totals": [0.0]}, "above 0"),
        ({"teasers": ["6"]}, "legs"),
        ({"spreads": 3}, "needed is a spread"),
        ({"league_name": "xfl"}, "unknown league"),
    ],
)
def test_what_cannot_be_is_refused(trained, priced, options, says):
    asked = {"game": priced["game_id"], "league_name": "sim", "week": None} | options
    with pytest.raises(busta.errors.BustaError, match=says):
        busta.price(trained.settings, **asked)


def test_a_game_without_an_honest_forecast_has_no_price(trained):
    old = busta.predict(trained.settings, "moneyline", Wanted(week="2010-05"), "sim")["predictions"][0]["game_id"]
    with pytest.raises(UsageError, match="no out-of-fold prediction"):
        busta.price(trained.settings, old, "sim")


def test_without_any_version_there_is_no_price(settings):
    gold = busta.open_version(settings, "sim")
    with pytest.raises(UsageError, match="there is no model busta-sim-moneyline yet"):
        busta.price(settings, gold.games["game_id"][-1], "sim")
