from __future__ import annotations

import pytest

import busta
from busta.errors import Refusal, UsageError
from busta.registry.connect import connect
from busta.registry.versions import note, resolve
from workspaces import KINDS, register_again


def test_all_models_of_a_workspace_are_listed(trained):
    rows = busta.list_models(trained.settings)

    assert {row["model"] for row in rows} == {f"busta-sim-{kind}" for kind in KINDS}
    row = next(row for row in rows if row["model"] == "busta-sim-moneyline")
    result = trained.results["moneyline"]
    assert row["aliases"] == ["challenger"]
    assert (row["version"], row["run_id"], row["verdict"]) == ("1", result["run_id"], result["verdict"])
    assert row["gold_version"] == result["gold_version"]
    assert row["seasons"] == "2010-2014"
    assert row["forced"] is row["unproven_stakes"] is None


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
    register_again(registry, only, tags=False)
    registry.client.set_registered_model_alias(name, "challenger", "2")

    first = busta.promote_version(borrowed, "moneyline", "1", "sim", **kind, force=True)
    second = busta.promote_version(borrowed, "moneyline", "challenger", "sim", **kind, force=True)
    back = busta.roll_back(borrowed, "moneyline", "sim", **kind)

    known = {"model": name, "notes": {}}
    assert first == known | {"champion": "1", "before": None, "verdict": "rejected", "forced": True}
    assert second == known | {"champion": "2", "before": "1", "verdict": None, "forced": True}
    assert back == known | {"champion": "1", "before": "2"}
    assert {row["version"]: row["aliases"] for row in busta.list_models(borrowed) if row["model"] == name} == {
        "1": ["champion"],
        "2": ["challenger"],
    }
    assert not [row for row in busta.list_models(borrowed) if row["model"] != name and "champion" in row["aliases"]]


def test_a_model_that_was_never_trained_cannot_be_promoted(trained):
    with pytest.raises(UsageError, match="there is no model busta-sim-ats-open yet"):
        busta.promote_version(trained.settings, "ats", "1", "sim", moment="open")


def champions(settings):
    return [row["model"] for row in busta.list_models(settings) if "champion" in row["aliases"]]


def test_a_version_that_the_gate_lets_pass_becomes_champion_and_nothing_is_forced(borrowed):
    busta.gate(borrowed, "moneyline", "sim")

    found = busta.promote_version(borrowed, "moneyline", "1", "sim", force=True)

    assert found == {
        "model": "busta-sim-moneyline",
        "champion": "1",
        "before": None,
        "verdict": "fit to serve",
        "forced": False,
        "notes": {},
    }
    (row,) = (row for row in busta.list_models(borrowed) if "champion" in row["aliases"])
    assert (row["model"], row["forced"]) == ("busta-sim-moneyline", None)


def test_a_version_that_is_fit_to_bet_becomes_champion(borrowed):
    registry = connect(borrowed)
    note(registry, resolve(registry, "busta-sim-ats"), {"verdict": "fit to bet"})

    assert not busta.promote_version(borrowed, "ats", "1", "sim")["forced"]
    assert champions(borrowed) == ["busta-sim-ats"]


def test_a_rejected_version_is_refused_with_the_reason(borrowed):
    with pytest.raises(
        Refusal, match=r"version 1 of busta-sim-moneyline-blind was rejected: BST002 .*\n--force makes it champion"
    ):
        busta.promote_version(borrowed, "moneyline", "1", "sim", blind=True)
    assert champions(borrowed) == []


@pytest.mark.parametrize("verdict", [None, "not proven: +0.0004 (-0.0010 to +0.0018) against the closing line"])
def test_a_version_that_was_never_put_to_the_gate_is_refused(borrowed, verdict):
    """One that an older busta registered; its word for the difference was called its verdict, too."""
    registry = connect(borrowed)
    registry.client.delete_model_version_tag("busta-sim-moneyline", "1", "verdict")
    if verdict:
        note(registry, resolve(registry, "busta-sim-moneyline"), {"verdict": verdict})

    with pytest.raises(
        Refusal, match=r"was never put to the gate\nrun `busta gate moneyline --league sim --model 1`; --force makes"
    ):
        busta.promote_version(borrowed, "moneyline", "1", "sim")
    assert champions(borrowed) == []
    busta.gate(borrowed, "moneyline", "sim")
    assert busta.promote_version(borrowed, "moneyline", "1", "sim")["champion"] == "1"


def test_force_makes_a_rejected_version_champion_and_is_recorded(borrowed):
    found = busta.promote_version(borrowed, "moneyline", "1", "sim", blind=True, force=True)

    assert (found["champion"], found["verdict"], found["forced"]) == ("1", "rejected", True)
    (row,) = (row for row in busta.list_models(borrowed, "moneyline") if row["model"] == "busta-sim-moneyline-blind")
    assert row["forced"].endswith("Z in spite of: rejected")


def test_a_verdict_by_other_rules_than_those_in_force_promotes_nobody(borrowed):
    """Who loosens the gate for one look at it, and promotes by that, would launder a rejected model."""
    registry = connect(borrowed)
    name = "busta-sim-moneyline"
    loose = busta.load(home=borrowed.home, gate={"line_margin": 0.09})
    busta.gate(loose, "moneyline", "sim")

    with pytest.raises(Refusal, match="judged by other rules"):
        busta.promote_version(borrowed, "moneyline", "1", "sim")

    assert resolve(registry, name).aliases == ("challenger",)
    assert not busta.promote_version(loose, "moneyline", "1", "sim")["forced"]


MONEYLINE = "busta-sim-moneyline"


def test_a_verdict_from_before_more_was_tried_promotes_nobody(borrowed):
    """The moneyline's first trial was judged when it was the only one; three other kinds came after it."""
    with pytest.raises(Refusal) as caught:
        busta.promote_version(borrowed, "moneyline", "1", "sim")

    assert str(caught.value) == (
        "version 1 of busta-sim-moneyline was judged before 3 more trials of this market\n"
        "run `busta gate moneyline --league sim --model 1`; --force makes it champion all the same"
    )
    busta.gate(borrowed, "moneyline", "sim", model="1")
    assert not busta.promote_version(borrowed, "moneyline", "1", "sim")["forced"]


def test_one_more_trial_is_one(borrowed):
    registry = connect(borrowed)
    note(registry, resolve(registry, MONEYLINE), {"gate_trials": "3"})

    with pytest.raises(Refusal, match="judged before 1 more trial of this market\n"):
        busta.promote_version(borrowed, "moneyline", "1", "sim")


def test_the_command_to_run_names_the_kind(borrowed):
    note(connect(borrowed), resolve(connect(borrowed), f"{MONEYLINE}-blind-open"), {"verdict": "fit to serve",
                                                                                    "gate_trials": "2"})  # fmt: skip

    with pytest.raises(Refusal, match=r"run `busta gate moneyline --league sim --blind --price open --model 1`;"):
        busta.promote_version(borrowed, "moneyline", "1", "sim", blind=True, moment="open")


def test_training_the_same_recipe_again_leaves_a_verdict_as_good_as_it_was(borrowed):
    busta.train(borrowed, "totals", "sim")
    registry = connect(borrowed)
    for number in ("1", "2"):
        note(registry, resolve(registry, "busta-sim-totals", number), {"verdict": "fit to serve"})

    assert not busta.promote_version(borrowed, "totals", "1", "sim")["forced"]


@pytest.mark.slow
def test_a_verdict_beside_another_champion_promotes_nobody(borrowed):
    registry = connect(borrowed)
    only = resolve(registry, MONEYLINE)
    for _ in range(2):
        register_again(registry, only)
    for number in ("1", "2", "3"):
        busta.gate(borrowed, "moneyline", "sim", model=number)
    busta.promote_version(borrowed, "moneyline", "1", "sim")

    with pytest.raises(Refusal, match=r"was judged while there was no other champion; now there is champion 1\n"):
        busta.promote_version(borrowed, "moneyline", "2", "sim")
    busta.gate(borrowed, "moneyline", "sim", model="2")
    busta.gate(borrowed, "moneyline", "sim", model="3")
    assert not busta.promote_version(borrowed, "moneyline", "2", "sim")["forced"]
    with pytest.raises(Refusal, match=r"was judged while there was champion 1; now there is champion 2\n"):
        busta.promote_version(borrowed, "moneyline", "3", "sim")


def test_a_verdict_of_a_busta_that_noted_no_trials_promotes_nobody(borrowed):
    connect(borrowed).client.delete_model_version_tag(MONEYLINE, "1", "gate_trials")

    with pytest.raises(
        Refusal, match=r"was judged by an older busta, which did not note what else had been tried\nrun"
    ):
        busta.promote_version(borrowed, "moneyline", "1", "sim")


def test_force_overrides_a_verdict_that_is_out_of_date_and_says_what_it_overrode(borrowed):
    found = busta.promote_version(borrowed, "moneyline", "1", "sim", force=True)

    assert (found["champion"], found["verdict"], found["forced"]) == ("1", "fit to serve", True)
    (row,) = (row for row in busta.list_models(borrowed) if "champion" in row["aliases"])
    assert row["forced"].endswith("Z in spite of: fit to serve, but it was judged before 3 more trials of this market")
