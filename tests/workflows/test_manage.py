from __future__ import annotations

import pytest

import busta
from busta.errors import UsageError
from busta.registry.connect import connect
from busta.registry.versions import resolve
from workspaces import KINDS


def test_all_models_of_a_workspace_are_listed(trained):
    rows = busta.list_models(trained.settings)

    assert {row["model"] for row in rows} == {f"busta-sim-{kind}" for kind in KINDS}
    row = next(row for row in rows if row["model"] == "busta-sim-moneyline")
    result = trained.results["moneyline"]
    assert row["aliases"] == ["challenger"]
    assert (row["version"], row["run_id"], row["verdict"]) == ("1", result["run_id"], result["verdict"])
    assert row["gold_version"] == result["gold_version"]
    assert row["seasons"] == "2010-2014"


@pytest.mark.parametrize(("market", "kinds"), [("totals", {"totals"}), ("over-under", {"totals"}), ("ats", {"ats"})])
def test_models_of_one_market_are_listed_under_its_name_or_alias(trained, market, kinds):
    rows = busta.list_models(trained.settings, market)
    assert {row["model"] for row in rows} == {f"busta-sim-{kind}" for kind in kinds}


def test_models_of_one_league_are_listed(trained):
    assert busta.list_models(trained.settings, None, "nfl") == []
    assert len(busta.list_models(trained.settings, None, "sim")) == len(KINDS)


def test_a_workspace_without_models_lists_none(settings):
    assert busta.list_models(settings) == []


def test_promoting_and_rolling_back_go_by_market_league_and_kind(borrowed):
    kind, name = {"blind": True, "moment": "open"}, "busta-sim-moneyline-blind-open"
    registry = connect(borrowed)
    only = resolve(registry, name)
    registry.client.create_model_version(name, only.source, only.run_id)
    registry.client.set_registered_model_alias(name, "challenger", "2")

    first = busta.promote_version(borrowed, "moneyline", "1", "sim", **kind)
    second = busta.promote_version(borrowed, "moneyline", "challenger", "sim", **kind)
    back = busta.roll_back(borrowed, "moneyline", "sim", **kind)

    assert first == {"model": name, "champion": "1", "before": None}
    assert second == {"model": name, "champion": "2", "before": "1"}
    assert back == {"model": name, "champion": "1", "before": "2"}
    assert {row["version"]: row["aliases"] for row in busta.list_models(borrowed) if row["model"] == name} == {
        "1": ["champion"],
        "2": ["challenger"],
    }
    assert not [row for row in busta.list_models(borrowed) if row["model"] != name and "champion" in row["aliases"]]


def test_a_model_that_was_never_trained_cannot_be_promoted(trained):
    with pytest.raises(UsageError, match="there is no model busta-sim-ats-open yet"):
        busta.promote_version(trained.settings, "ats", "1", "sim", moment="open")
