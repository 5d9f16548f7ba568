from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from busta.errors import UsageError
from busta.registry.connect import connect
from busta.registry.versions import promote, resolve
from busta.settings import Bets
from busta.workflows.judging.backtest import Filters, backtest
from busta.workflows.predicting import forecast
from workspaces import KINDS, register_again


def run(settings, kind="moneyline", bets=None, **options):
    chosen = settings.model_copy(update={"bets": Bets(**bets)}) if bets else settings
    return backtest(chosen, kind.partition("-")[0], "sim", **KINDS[kind], **options)


@pytest.mark.parametrize("kind", KINDS)
def test_the_back_test_agrees_with_the_training(trained, kind):
    found, metrics = run(trained.settings, kind), trained.results[kind]["metrics"]
    pairs = {
        "bets": "bets",
        "pushes": "pushes",
        "turnover": "turnover",
        "unit_profit": "unit_profit",
        "unit_roi": "roi",
        "unit_roi_low": "roi_low",
        "kelly_growth": "kelly_growth",
        "clv": "clv",
        "clv_coverage": "clv_coverage",
    }
    for ours, theirs in pairs.items():
        assert found["figures"][ours] == (None if metrics[theirs] is None else pytest.approx(metrics[theirs]))
    assert found["model_version"] == "1"
    assert found["price"] == KINDS[kind].get("moment", "close")
    assert found["paper"]
    json.dumps(found, allow_nan=False)


def test_every_rule_of_the_settings_is_kept_and_shown(trained):
    bets = {
        "min_edge": 0.05,
        "max_edge": 0.2,
        "strongest": 0.4,
        "assumed_prices": False,
        "stakes": "kelly",
        "bankroll": 500.0,
        "slippage": 0.02,
        "unit": 0.02,
        "ruin": 0.25,
    }
    found = run(trained.settings, "moneyline-blind-open", bets)
    assert found["rules"].items() >= bets.items()
    assert found["rules"]["vig_method"] == "multiplicative"
    assert 0.05 * 0.97 < found["figures"]["claimed_edge"] < 0.2


@pytest.mark.parametrize("kind", KINDS)
def test_the_scores_have_the_intervals_of_the_training(trained, kind):
    """On the same games: every one of the simulated league has all lines."""
    found, shown = run(trained.settings, kind)["scores"]["model"], trained.results[kind]["differences"]
    for name in ("log_loss", "brier", "accuracy"):
        assert found[name] == pytest.approx(shown[name]["value"])
        for end in ("low", "high"):
            assert found[f"{name}_{end}"] == pytest.approx(shown[name][end])


def test_rules_other_than_those_of_the_training_are_noted(trained):
    assert "rules" not in run(trained.settings, "ats")["notes"]
    assert "rules" not in run(trained.settings, "ats", {"stakes": "kelly"})["notes"]
    found = run(trained.settings, "ats", {"min_edge": 0.05, "strongest": 0.4})
    assert found["notes"]["rules"] == (
        "bets by today's min_edge = 0.05, strongest = 0.4; the version was judged by min_edge = 0.02, strongest = none"
    )


def test_filters_narrow_what_is_bet(trained):
    whole = run(trained.settings, "moneyline-blind")
    last = run(trained.settings, "moneyline-blind", filters=Filters(seasons=(2013,), side="home"))
    assert last["games"] < whole["games"]
    assert [row["season"] for row in last["by_season"]] == [2013]
    assert 0 < last["figures"]["bets"] < whole["figures"]["bets"]
    assert "filters" in last["notes"]


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        (Filters(seasons=(1999,)), "unknown season '1999'.*Allowed: 2012, 2013"),
        (Filters(teams=("XYZ",)), "unknown sim team 'XYZ'"),
        (Filters(side="over"), "unknown side of ats 'over'.*Allowed: home, away"),
    ],
)
def test_what_the_version_did_not_forecast_is_refused(trained, filters, says):
    with pytest.raises(UsageError, match=says):
        run(trained.settings, "ats", filters=filters)


def test_a_model_that_was_never_trained_is_refused(trained):
    with pytest.raises(UsageError, match="there is no model busta-nfl-ats yet"):
        backtest(trained.settings, "ats")


def test_another_champion_bets_beside_the_version(borrowed):
    registry = connect(borrowed)
    only = resolve(registry, "busta-sim-moneyline")
    register_again(registry, only)
    assert run(borrowed, model="2")["notes"]["strategies.champion"] == "there is no champion yet"

    promote(registry, only)

    second, first = run(borrowed, model="2"), run(borrowed, model="1")
    assert second["strategies"]["champion"]["bets"] == second["figures"]["bets"]
    assert first["notes"]["strategies.champion"] == "this version is the champion"
    assert "champion" not in first["strategies"]


def test_a_version_of_before_is_refused_and_as_champion_left_out(borrowed, monkeypatch, tmp_path):
    registry = connect(borrowed)
    only = resolve(registry, "busta-sim-moneyline")
    register_again(registry, only)
    promote(registry, only)
    path = forecast.fetch_predictions(registry, only)
    old = tmp_path / "old.parquet"
    pl.read_parquet(path).drop("market_mean").write_parquet(old)

    monkeypatch.setattr(forecast, "fetch_predictions", lambda _, version: old if version.number == "1" else path)

    with pytest.raises(UsageError, match=r"trained by an older busta .*train again"):
        run(borrowed, model="1")
    found = run(borrowed, model="2")
    assert "champion" not in found["strategies"]
    assert "train again" in found["notes"]["strategies.champion"]


def test_the_market_is_read_as_the_version_was_trained(borrowed):
    registry = connect(borrowed)
    only = resolve(registry, "busta-sim-moneyline")
    registry.client.set_model_version_tag(
        only.name, only.number, "hyperparameters", json.dumps({"bets.vig_method": "power"})
    )
    found = run(borrowed)
    assert found["rules"]["vig_method"] == "power"
    row = next(row for row in found["sensitivity"]["vig_method"] if row["method"] == "power")
    assert row["unit_profit"] == pytest.approx(found["figures"]["unit_profit"])


def test_no_bets_are_nulls_with_a_reason(trained):
    found = run(trained.settings, bets={"min_edge": 0.9})
    assert found["figures"]["bets"] == 0
    assert found["figures"]["roi"] is None
    assert found["notes"]["figures"].startswith("no bet was placed: ")
    assert not {"vig_method", "returns", "risk_of_ruin", "filters"} & set(found["notes"])
    assert found["by_season"] == []


def test_the_figures_are_those_of_the_stored_games(trained):
    """Home each week at one unit: counted anew from the predictions that lie with the version."""
    registry = connect(trained.settings)
    frame = pl.read_parquet(forecast.fetch_predictions(registry, resolve(registry, "busta-sim-ats")))
    margin = (frame["value"] - frame["line"]).to_numpy()
    profit = np.where(margin > 0, frame["first_price"].to_numpy() - 1, -(margin < 0).astype(float))
    home = run(trained.settings, "ats")["strategies"]["home"]
    assert home["bets"] == frame.height
    assert home["pushes"] == (margin == 0).sum()
    assert home["unit_profit"] == pytest.approx(profit.sum())


def test_one_season_and_one_team_need_no_list():
    filters = Filters(seasons=2019, teams="DAL")
    assert (filters.seasons, filters.teams) == ((2019,), ("DAL",))
    with pytest.raises(UsageError, match="needed is a team"):
        Filters(teams=3)
