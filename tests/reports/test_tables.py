"""Tables and tiles."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from busta.reports import plots, tables
from busta.reports.numbers import NONE, figure, percent, span
from busta.reports.page import card, page


def test_every_table_has_as_many_cells_in_a_row_as_columns(material):
    for made in (tables.baselines, tables.strategies, tables.sensitivity, tables.by_season):
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
    shown = tables.baselines(material).rows[row][2:4]
    assert shown == (figure(gap["difference"], "+.4f"), span(gap["low"], gap["high"], "+.4f"))


def test_every_strategy_is_shown_and_a_coin_by_its_luck(material):
    sheet, money = tables.strategies(material), material.money
    assert len(sheet.rows) == 1 + len(money["strategies"]) + len(money["same_bets"])
    coin = money["strategies"]["coin"]
    row = next(row for row in sheet.rows if row[0] == "all games: coin")
    assert span(coin["luck_low"], coin["luck_high"], "+.1%") in row
    assert ("CLV" in sheet.columns) == (material.about["price"] == "open")


def test_tiles_hold_the_closing_line_beside_the_model(material):
    found = {tile.title: tile for tile in tables.tiles(material)}
    line = material.evaluation["baselines"]["closing_line"]
    assert ("closing line", figure(line["log_loss"])) in found["Log loss"].beside
    assert found["Calibration error (ECE)"].value == figure(material.evaluation["metrics"]["ece"])
    assert found["Picked the right side"].value == percent(material.money["scores"]["model"]["accuracy"])
    value = found["Closing-line value"].value
    assert (value == "does not apply") == (material.about["price"] == "close")


def test_a_missing_figure_of_a_table_has_its_reason_beside_it(material_of):
    found = material_of("ats")
    assert found.money["figures"]["bets"] == 0
    told = dict(tables.reasons(found, "figures", "strategies", "same_bets"))
    assert any("no bet was placed" in note for note in told.values())
    assert not any("kelly" in note for note in told.values())


def test_equal_reasons_are_told_once(material):
    for told in (tables.notes(material), tables.reasons(material, "strategies", "same_bets")):
        said = [note for _, note in told]
        assert len(said) == len(set(said))
    assert len(tables.notes(material)) <= len(material.notes)


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
        money=hollow(found.money) | {"rules": rules},
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
