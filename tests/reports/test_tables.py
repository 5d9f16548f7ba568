"""Tables and tiles."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from busta.reports import notes, plots, tables
from busta.reports.measures import LOSS_GAP
from busta.reports.numbers import NONE, figure, percent, span
from busta.reports.page import card, page
from busta.reports.tiles import tiles


def test_every_table_has_as_many_cells_in_a_row_as_columns(material):
    for made in (tables.baselines, tables.strategies, tables.sensitivity, tables.by_season, tables.returns):
        sheet = made(material)
        assert {len(row) for row in sheet.rows} == {len(sheet.columns)}


def test_the_model_and_every_baseline_have_a_row(material):
    sheet = tables.baselines(material)
    assert len(sheet.rows) == 1 + len(material.evaluation["baselines"])
    assert sheet.rows[0][:2] == ("this model", figure(material.evaluation["metrics"]["log_loss"]))


def test_the_difference_from_the_bar_is_that_of_the_evaluation(material):
    evaluation = material.evaluation
    gap = evaluation["differences"]["log_loss"][evaluation["bar"]]
    row = list(evaluation["baselines"]).index(evaluation["bar"]) + 1
    shown = tables.baselines(material).rows[row][2]
    assert shown == f"{figure(gap['difference'], LOSS_GAP)}\n{span(gap['low'], gap['high'], LOSS_GAP)}"


def test_every_strategy_is_shown_and_a_coin_by_its_luck(material):
    sheet, money = tables.strategies(material), material.money
    assert len(sheet.rows) == 1 + len(money["strategies"]) + len(money["same_bets"])
    coin = money["strategies"]["coin"]
    row = next(row for row in sheet.rows if row[0] == "all games: a thousand coins")
    median = coin["luck_median"]
    assert row[2] == f"{percent(median, '+.1%')}\n{span(coin['luck_low'], coin['luck_high'], '+.1%')}"
    assert percent(coin["unit_roi"], "+.4%") not in " ".join(row)  # of a single coin
    assert ("CLV" in sheet.columns) == (material.about["price"] == "open")


def test_tiles_hold_the_closing_line_beside_the_model(material):
    found = {tile.title: tile for tile in tiles(material)}
    line = material.evaluation["baselines"]["closing_line"]
    assert ("closing line", figure(line["log_loss"])) in found["Log loss"].beside
    assert found["Calibration error (ECE)"].value == figure(material.evaluation["metrics"]["ece"])
    assert found["Picked the right side"].value == percent(material.money["scores"]["model"]["accuracy"])
    value = found["Closing-line value"].value
    assert (value == "does not apply") == (material.about["price"] == "close")


def test_a_missing_figure_of_a_table_has_its_reason_beside_it(material_of):
    none = {"figures": "no bet was placed: 3 games", "same_bets.coin": "no bet was placed"}
    found = replace(material_of("ats"), notes=none | {"strategies.home": "kelly_growth: no Kelly stakes"})
    assert notes.reasons(found, "figures", "strategies", "same_bets") == (
        ("figures", "no bet was placed: 3 games"),
        ("coin", "no bet was placed"),
    )


def test_every_roi_is_named_and_is_that_of_gate_and_back_test(material_of):
    found = material_of("moneyline")
    seen, claimed, fitted, least, line = (row[1] for row in tables.returns(found).rows)
    figures, check = found.money["figures"], found.check("BST006")
    assert seen.splitlines()[0] == percent(figures["unit_roi"], "+.1%")
    assert claimed == percent(figures["claimed_edge"], "+.1%")
    assert fitted == percent(check["details"]["expected_roi"], "+.1%")
    assert least == percent(check["figure"], "+.1%")
    assert line == percent(found.curves.expected[-1] / figures["bets"], "+.1%")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(3, -0.1, -0.2), (5, 0.1, -0.1)], "from 3 to 5 bets"),
        ([(3, -0.1, None), (3, -0.1, -0.2)], "the same 3 bets"),
        ([(3, 0.3, 0.1), (5, 0.1, -0.1)], "an interval above 0 was picked among 2"),
        ([(0, None, None)], ""),
    ],
)
def test_the_way_of_removing_the_vig_is_commented_on(material_of, rows, said):
    found = material_of("ats")
    ways = [dict(zip(("bets", "unit_roi", "unit_roi_low"), row, strict=True)) for row in rows]
    changed = found.money | {"sensitivity": {"slippage": [], "vig_method": ways}}
    comment = tables.vig_comment(replace(found, money=changed))
    assert said in comment
    assert bool(comment) == bool(said)


def test_notes_speak_only_of_figures_that_the_report_shows(material):
    told = " ".join(f"{name}: {note}" for name, note in notes.notes(material))
    for absent in ("kelly", "sharpe", "turnover", "bets_needed", "bets needed", "_"):
        assert absent not in told


def test_a_note_that_names_no_figure_is_told_whole(material_of):
    found = replace(material_of("ats"), notes={"figures": "no bet was placed: 3 games; kelly_growth: gone"})
    assert notes.notes(found) == (("figures", "no bet was placed: 3 games"),)


def test_equal_reasons_are_told_once(material):
    for told in (notes.notes(material), notes.reasons(material, "strategies", "same_bets")):
        said = [note for _, note in told]
        assert len(said) == len(set(said))
    assert len(notes.notes(material)) <= len(material.notes)


def emptied(value):
    """The same with every number but counts gone."""
    if isinstance(value, dict):
        return {name: emptied(part) for name, part in value.items()}
    if isinstance(value, list):
        return [emptied(part) for part in value]
    return None if isinstance(value, float) else value


@pytest.mark.parametrize("hollow", [emptied, lambda value: with_nan(emptied(value))])
def test_figures_that_do_not_apply_are_dashes_everywhere(material_of, hollow):
    found = material_of("moneyline-blind-open")
    rules = found.money["rules"]
    bare = replace(
        found,
        evaluation=hollow(found.evaluation),
        money=hollow(found.money) | {"rules": rules, "scores": found.money["scores"]},
        parts=hollow(list(found.parts)),
        reliability={},
        importances=hollow(list(found.importances)),
        verdict=found.verdict | {"checks": hollow(found.verdict["checks"])},
    )
    text = page(bare)
    assert NONE in text
    for wrong in ("nan", "NaN%", ">None<", "inf%"):
        assert wrong not in text.replace("domainant", "")
    assert "nan" not in card(bare)
    assert plots.parts(bare) is None or "nan" not in page(bare)


def with_nan(value):
    if isinstance(value, dict):
        return {name: with_nan(part) for name, part in value.items()}
    if isinstance(value, list):
        return [with_nan(part) for part in value]
    return math.nan if value is None else value
