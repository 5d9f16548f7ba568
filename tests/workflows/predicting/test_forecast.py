from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import busta
from busta import Wanted
from busta.errors import OutsideError, UsageError
from busta.features.store import open_gold
from busta.markets.dataset import assemble
from busta.plugins import pick
from busta.registry.connect import connect
from busta.registry.versions import fetch_model, promote, resolve
from busta.workflows.predicting import forecast as module
from busta.workflows.predicting.forecast import (
    LATER,
    columns,
    forecast,
    gold_for,
    in_memory,
    learned_from,
    other_champion,
    read_predictions,
    stored_forecasts,
)
from support import planted
from workspaces import CURRENT, KINDS

NAME = "busta-sim-moneyline"
CHANCES = ("win", "push", "lose")


@pytest.fixture
def table(trained):
    """The table of a kind, of all games there are."""

    def assembled(kind):
        gold = open_gold(trained.settings.gold / "sim" / trained.results[kind]["gold_version"])
        return assemble(gold, pick("league", "sim"), pick("market", kind.partition("-")[0]), **KINDS[kind])

    return assembled


def model(trained, kind):
    return fetch_model(trained.registry, resolve(trained.registry, f"busta-sim-{kind}"))


def stored_file(settings):
    (path,) = (settings.home / "mlruns" / NAME).glob("*/artifacts/predictions.parquet")
    return connect(settings), path


def test_predict_and_the_gate_say_the_same_of_a_coming_game(trained, table, kind):
    """To the bit what this market's model says alone; given no push, what the joint was made to say."""
    market, data = kind.partition("-")[0], table(kind)
    rows = busta.predict(trained.settings, market, Wanted(week=f"{CURRENT}-18"), "sim", **KINDS[kind])["predictions"]
    data = data.take(data.games["game_id"].is_in([row["game_id"] for row in rows]).to_numpy())

    found = forecast(model(trained, kind), data)

    said = dict(zip(found.games["game_id"], found.triples.tolist(), strict=True))
    assert len(rows) == 16
    for row in rows:
        chance = [row["probability"][name] for name in CHANCES]
        chance = chance if row["side"] in ("home", "over") else chance[::-1]
        win, push, lose = said[row["game_id"]]
        if row["read_from"] == "model":
            assert chance == [win, push, lose]
        assert chance[0] / (chance[0] + chance[2]) == pytest.approx(win / (win + lose), abs=1e-9)
        assert chance[1] == pytest.approx(push, abs=0.02)


def test_forecasts_stand_beside_the_line_that_is_bet_and_the_close(trained, table, kind):
    portable, data = model(trained, kind), table(kind).take(np.arange(300, 330))

    found = forecast(portable, data)

    assert (found.fold == LATER).all()
    assert (found.blind, found.moment, found.market.name) == (data.blind, data.moment, data.market.name)
    assert set(found.baselines) == {"closing_line"} | ({"opening_line"} if data.moment == "open" else set())
    np.testing.assert_array_equal(found.y, data.y)
    np.testing.assert_allclose(found.triples.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(found.triples[:, 0] / (found.triples[:, 0] + found.triples[:, 2]), found.probability)
    np.testing.assert_allclose(found.closing.sum(axis=1), 1, rtol=1e-12)
    stored = stored_forecasts(trained.registry, resolve(trained.registry, f"busta-sim-{kind}"))
    assert len(stored.then(found)) == len(stored) + len(found)


def test_the_market_is_seen_alike_in_forecasts_and_in_the_walk_forward(trained, table, kind):
    """All that is not the model's own comes out the same for a game, whoever asks."""
    stored = stored_forecasts(trained.registry, resolve(trained.registry, f"busta-sim-{kind}"))
    data = table(kind)
    found = forecast(model(trained, kind), data.take(data.games["game_id"].is_in(stored.games["game_id"].implode())
                                                     .to_numpy()))  # fmt: skip

    assert found.games["game_id"].to_list() == stored.games["game_id"].to_list()
    for name in ("line", "prices", "value", "y", "closing_line", "closing_prices"):
        np.testing.assert_array_equal(getattr(found, name), getattr(stored, name), err_msg=name)
    for bar in {"closing_line", stored.bar}:
        np.testing.assert_allclose(found.baselines[bar], stored.baselines[bar], atol=0.02, err_msg=bar)


def test_a_game_at_the_end_of_what_was_learned_from_counts_as_learned_from(trained, table):
    portable, data = model(trained, "moneyline"), table("moneyline")

    learned = learned_from(portable, data)

    assert data.games["kickoff"][int(np.flatnonzero(learned)[-1])].isoformat() == portable.spec["trained_through"]
    np.testing.assert_array_equal(learned, ~np.isnan(data.value))


def test_a_feature_that_the_store_does_not_have_is_missing():
    data = planted(weeks=1, per_week=2, features=2)

    found = columns(data, ["x1", "gone", "x0"])

    np.testing.assert_array_equal(found[:, [0, 2]], data.X[:, ::-1])
    assert np.isnan(found[:, 1]).all()


def test_a_version_that_an_older_busta_trained_is_refused_with_what_it_lacks(borrowed):
    registry, path = stored_file(borrowed)
    pl.read_parquet(path).drop("closing_win", "mean").write_parquet(path)

    with pytest.raises(UsageError, match=rf"version 1 of {NAME} was trained by an older busta and lacks .*train again"):
        stored_forecasts(registry, resolve(registry, NAME))


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_predictions_that_cannot_be_read_are_an_outside_error(borrowed, damage):
    registry, path = stored_file(borrowed)
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:20])

    version = resolve(registry, NAME)
    with pytest.raises(
        OutsideError,
        match=rf"^the predictions of run {version.run_id} cannot be read: .*\nrestore their file, or train",
    ):
        read_predictions(registry, version)


def events(gold):
    return dict(sorted(gold.events.items()))


@pytest.mark.parametrize("method", ["multiplicative", "shin"])
def test_prices_are_freed_of_their_vig_as_the_version_was_trained_whatever_the_settings_say(trained, borrowed, method):
    version = resolve(trained.registry, NAME)
    today = busta.load(home=borrowed.home, bets={"vig_method": method})

    found = gold_for(today, pick("league", "sim"), version)

    made_then = open_gold(trained.settings.gold / "sim" / trained.results["moneyline"]["gold_version"])
    assert events(found).keys() == events(made_then).keys()
    for group, frame in events(made_then).items():
        assert found.events[group].equals(frame), group


def test_another_way_of_vig_removal_makes_another_store(trained):
    gold = gold_for(trained.settings, pick("league", "sim"), resolve(trained.registry, NAME))
    other = in_memory(gold, pick("league", "sim"), "shin")

    same = {group: gold.events[group].equals(other.events[group]) for group in gold.events}

    assert [group for group, alike in same.items() if not alike] == ["prices"], "gold_for replaces no other group"


def test_where_no_gold_store_can_be_written_it_is_made_in_memory(trained, monkeypatch):
    version, league = resolve(trained.registry, NAME), pick("league", "sim")
    stored = gold_for(trained.settings, league, version)

    def full(*_):
        raise OutsideError("cannot write")

    monkeypatch.setattr(module, "gold_of", full)
    found = gold_for(trained.settings, league, version)

    assert all(found.events[group].equals(frame) for group, frame in stored.events.items())
    assert found.manifest["version"] is None


def test_without_any_tables_what_went_wrong_is_said(trained, tmp_path):
    tmp_path.joinpath("busta.toml").write_text((trained.settings.home / "busta.toml").read_text())

    with pytest.raises(OutsideError, match="127"):
        gold_for(busta.load(home=tmp_path), pick("league", "nfl"), resolve(trained.registry, NAME))


def test_the_champion_is_another_one_unless_it_is_asked_about_itself(borrowed):
    registry = connect(borrowed)
    assert other_champion(registry, NAME) is None
    promote(registry, resolve(registry, NAME))

    assert other_champion(registry, NAME).number == other_champion(registry, NAME, "2").number == "1"
    assert other_champion(registry, NAME, "1") is None
