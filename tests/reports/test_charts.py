"""Charts as SVG."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.reports.charts import Axis, Band, Bars, Chart, Line, Points, Sheet, Tip, key, nice, svg

NAN = math.nan


def chart(*layers, x=None, y=None, **changes):
    made = Chart(
        name="c",
        title="A title",
        words="What is shown",
        x=x or Axis(0, 10, "across", ((0, "0"), (10, "10"))),
        y=y or Axis(0, 1, "up", ((0, "0"), (1, "1"))),
        layers=layers,
        tips=(),
        sheet=Sheet(("a",), (("1",),)),
    )
    return replace(made, **changes)


def paths(text, kind):
    return re.findall(rf'<path class="{kind}[^"]*"[^>]* d="([^"]*)"', str(text))


def test_nan_breaks_a_line_in_two():
    (drawn,) = paths(svg(chart(Line("a", (0, 1, 2, 3, 4), (0, 0.5, NAN, 0.5, 1), "model"))), "line")
    assert drawn.count("M") == 2
    assert drawn.count("L") == 2


def test_a_line_of_nothing_but_nan_draws_nothing():
    assert paths(svg(chart(Line("a", (0, 1), (NAN, NAN), "model"))), "line") == [""]


def test_a_line_is_marked_at_every_so_many_points():
    drawn = svg(chart(Line("a", range(10), [0.5] * 10, "model", "square", 3)))
    assert len(paths(drawn, "mark")) == 3


def test_values_stand_where_the_axes_say():
    tips = (Tip(0, 0, "origin"), Tip(10, 1, "far corner"))
    (x0, y0), (x1, y1) = [
        (float(x), float(y)) for x, y in re.findall(r'class="hit" r="7" cx="(\S+)" cy="(\S+)"', svg(chart(tips=tips)))
    ]
    assert 0 < x0 < x1 < 720
    assert 0 < y1 < y0 < 340


@pytest.mark.parametrize("across", [False, True])
def test_a_point_without_an_interval_has_no_whisker(across):
    points = Points("a", (1, 2, NAN), (0.1, 0.2, 0.3), (0.0, NAN, 0.0), (0.2, 0.3, 1.0), "model", across=across)
    drawn = svg(chart(points))
    assert len(paths(drawn, "whisker")) == 1
    assert len(paths(drawn, "mark")) == 2


def test_a_whisker_reaches_from_end_to_end():
    drawn = svg(chart(Points("a", (5,), (0.5,), (0.0,), (1.0,), "model")))
    up = [float(y) for y in re.findall(r"[ML]\S+ (\S+?)[hM]", paths(drawn, "whisker")[0] + "M")]
    assert max(up) - min(up) == pytest.approx(340 - 30 - 44, abs=0.2)


@pytest.mark.parametrize(("across", "of"), [(False, "height"), (True, "width")])
def test_bars_are_as_long_as_their_values(across, of):
    x, y = Axis(0, 4, "", ()), Axis(0, 4, "", ())
    drawn = str(svg(chart(Bars("a", (0, 1), (1, 2), (1, 2), "model", across=across), x=x, y=y)))
    first, second = [float(size) for size in re.findall(rf'class="bars model"[^>]* {of}="(\S+?)"', drawn)]
    assert second == pytest.approx(2 * first, abs=0.2)


def test_a_band_of_luck_is_hatched_and_any_band_is_broken_by_nan():
    rows = ((0, 1, 2, 3, 4), (0, 0, NAN, 0, 0), (1, 1, 1, 1, 1))
    luck, other = svg(chart(Band("a", *rows, "luck"))), svg(chart(Band("a", *rows, "model")))
    assert len(paths(luck, "band")) == len(paths(other, "band")) == 2
    assert luck.count('fill="url(#c-h)"') == 2
    assert 'fill="url' not in other


@given(st.integers(1, 60), st.sampled_from([360.0, 720.0]))
def test_labels_of_an_axis_never_touch(count, width):
    ticks = tuple((float(i), str(2000 + i)) for i in range(count))
    drawn = str(svg(chart(x=Axis(0, max(count - 1, 1), "", ticks)), width))
    places = [float(x) for x in re.findall(r'class="tick" text-anchor="middle" x="(\S+)"', drawn)]
    assert places
    assert all(right - left >= 4 * 7.2 for left, right in pairwise(places))


def test_names_and_words_are_escaped():
    bad = '"><script>alert(1)</script>'
    made = chart(
        Line(bad, (0, 1), (0, 1), bad),
        title=bad,
        words=bad,
        tips=(Tip(0, 0, bad),),
        y=Axis(0, 1, bad, ((0, bad),)),
    )
    for drawn in (svg(made), key(made.layers[0])):
        assert "<script" not in drawn


@pytest.mark.parametrize(
    "layer",
    [
        Line("a", (), (), "rule"),
        Band("a", (), (), (), "luck"),
        Band("a", (), (), (), "model"),
        Bars("a", (), (), (), "model"),
        Points("a", (), (), (), (), "model", "triangle"),
    ],
)
def test_every_layer_has_a_key_that_nobody_reads_aloud(layer):
    drawn = key(layer)
    assert 'aria-hidden="true"' in drawn
    assert layer.tone in drawn


def test_a_narrow_drawing_has_ids_of_its_own():
    made = chart(Line("a", (0, 1), (0, 1), "model"))
    both = svg(made) + svg(made, 360, "-narrow")
    ids = re.findall(r'id="([^"]+)"', both)
    assert len(ids) == len(set(ids)) == 6


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e6))
def test_ticks_are_round_few_and_inside(low, span):
    found = nice(low, low + span, "{:g}".format)
    assert len(found) <= 8
    assert all(low - 1e-6 * span <= value <= low + span * (1 + 1e-6) for value, _ in found)


@pytest.mark.parametrize("high", [3.0, NAN, 2.0])
def test_an_axis_without_length_has_one_tick(high):
    assert nice(3.0, high, "{:g}".format) == ((3.0, "3"),)
