"""The charts of a report."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.reports import plots
from busta.reports.numbers import figure, percent

MADE = (plots.calibration, plots.profit, plots.drawdown, plots.seasons, plots.parts, plots.closing_value)


@pytest.mark.parametrize("made", [*MADE, plots.importances])
def test_every_spot_lies_on_its_axes(material, made):
    drawn = made(material)
    if drawn is None:
        assert made is plots.closing_value or not material.money["figures"]["bets"]
        return
    assert drawn.tips
    for tip in drawn.tips:
        assert drawn.x.low <= tip.x <= drawn.x.high
        assert drawn.y.low - 1e-9 <= tip.y <= drawn.y.high + 1e-9
    assert {len(row) for row in drawn.sheet.rows} == {len(drawn.sheet.columns)}


@given(st.floats(-1, 1), st.floats(0.02, 10), st.sampled_from("%f"), st.sampled_from(["", "+"]))
def test_labels_of_an_axis_differ(low, span, kind, sign):
    labels = [label for _, label in plots._ticks(low, low + span, kind, sign)]
    assert len(labels) == len(set(labels))


def test_an_axis_too_short_for_its_digits_has_labels_all_the_same():
    assert plots._ticks(0.0, 1e-9, "%")


def test_the_end_of_the_profit_curve_is_told_with_its_band_and_with_luck(material_of):
    found = material_of("moneyline-blind")
    figures, coin = found.money["figures"], found.money["same_bets"]["coin"]
    words = plots.profit(found).words
    for share in (figures["unit_roi"], figures["unit_roi_low"], coin["luck_low"], coin["luck_high"]):
        assert figure(share * figures["bets"], "+.1f") in words


def test_the_deepest_fall_is_marked(material_of):
    found = material_of("moneyline")
    assert percent(found.money["figures"]["max_drawdown"]) in plots.drawdown(found).words.replace(figure(-1)[0], "")


def test_a_histogram_without_a_mean_has_no_line_for_it(material_of):
    found = material_of("moneyline-blind-open")
    without = replace(found, money=found.money | {"figures": found.money["figures"] | {"clv": None}})
    names = [layer.name for layer in plots.closing_value(without).layers]
    assert "their mean" not in names
    assert "their mean" in [layer.name for layer in plots.closing_value(found).layers]


def test_features_are_shown_from_most_to_least_and_all_of_them_in_the_table(material):
    drawn = plots.importances(material)
    parts = [row["part"] for row in material.importances[: len(drawn.tips)]]
    assert parts == sorted(parts, reverse=True)
    assert len(drawn.sheet.rows) == len(material.importances)
