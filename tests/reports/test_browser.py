"""The report in a real browser: nothing goes wrong, nothing overlaps, everything is reached by keyboard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from busta.reports.page import page as written
from chromium import OVERLAPS, launched

pytestmark = pytest.mark.browser

TIP = ".tip:visible"
IN_SIGHT = """
() => {
  const box = [...document.querySelectorAll('.tip')].find((each) => each.textContent).getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth;
}
"""
VISIBLE = "() => [...document.querySelectorAll('svg.chart')].filter((each) => each.checkVisibility()).length"


@pytest.fixture(scope="module")
def chromium():
    with launched() as browser:
        yield browser


@pytest.fixture(params=["moneyline", "ats", "moneyline-blind-open"])
def file(request, material_of, tmp_path):
    """With bets, without any, and with closing-line value; with an audit in one of them."""
    found = material_of(request.param)
    if request.param == "moneyline":
        row = {"title": "rebuilt, it comes out the same", "figure": 0.1, "threshold": 0.0, "words": "differs " * 20}
        findings = [row | {"name": "a long name of a detector", "answer": answer} for answer in ("leak", "clean")]
        found = replace(found, audit={"at": "2026-01-02T03:04:05Z", "quick": False, "findings": findings})
    path = tmp_path / "report.html"
    path.write_text(written(found))
    return path


@pytest.fixture
def look(chromium, file):
    """Opens the report; at the end nothing may have gone wrong in it, nor may it have asked for anything."""
    wrong, pages = [], []

    def run(width, scheme="light", **options):
        view = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options).new_page()
        view.on("console", lambda message: wrong.append(message.text))
        view.on("pageerror", lambda error: wrong.append(str(error)))
        view.on("request", lambda asked: None if asked.url == file.as_uri() else wrong.append(asked.url))
        view.goto(file.as_uri())
        pages.append(view)
        return view

    yield run
    for view in pages:
        view.context.close()
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1440])
def test_nothing_overflows_or_overlaps(look, width, scheme):
    view = look(width, scheme)
    view.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    assert view.evaluate(OVERLAPS) == []
    narrowest = "Math.min(...[...document.querySelectorAll('dl.facts dd')].map((each) => each.clientWidth))"
    assert view.evaluate(narrowest) > 150
    background = view.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in background[4:-1].split(",")) < 384) == (scheme == "dark")


@pytest.mark.parametrize("width", [380, 1440])
def test_every_chart_is_reached_by_keyboard_and_read_by_arrows(look, width):
    view = look(width)
    reached, charts = set(), view.evaluate(VISIBLE)
    for _ in range(120):
        view.keyboard.press("Tab")
        name = view.evaluate(
            "document.activeElement.matches('svg.chart') && document.activeElement.ariaLabelledByElements[0].id"
        )
        if name in reached:  # once around
            break
        if name:
            first = view.locator(TIP).inner_text()
            view.keyboard.press("End")
            last = view.locator(TIP).inner_text()
            assert first
            assert last
            spots = view.evaluate("document.activeElement.querySelectorAll('.hit').length")
            assert (first != last) == (spots > 1)
            view.keyboard.press("Escape")
            assert view.locator(TIP).count() == 0
            reached.add(name)
    assert charts > 0
    assert len(reached) == charts


def test_a_pointer_shows_what_stands_under_it(look):
    view = look(1440)
    chart = view.locator("#features svg.chart").first
    chart.scroll_into_view_if_needed()
    chart.hover()
    assert "folds" in view.locator(TIP).inner_text()
    view.mouse.move(1, 1)
    assert view.locator(TIP).count() == 0


def test_a_finger_shows_it_too_until_it_taps_elsewhere(look):
    view = look(380, has_touch=True, is_mobile=True)
    chart = view.locator("#features .narrow svg.chart")
    chart.scroll_into_view_if_needed()
    chart.tap()
    assert "folds" in view.locator(TIP).inner_text()
    view.locator("#features-heading").tap()
    assert view.locator(TIP).count() == 0


@pytest.mark.parametrize("width", [380, 1440])
def test_what_the_keyboard_shows_is_in_sight_once_the_page_has_scrolled(look, width):
    view = look(width)
    charts = view.locator("svg.chart:visible")
    for place in range(charts.count()):
        charts.nth(place).focus()
        view.keyboard.press("Home")
        view.wait_for_function(IN_SIGHT)


def test_the_section_that_is_read_is_marked(look):
    view = look(1440)
    view.evaluate("document.getElementById('checks').scrollIntoView({ behavior: 'instant' })")
    view.wait_for_selector("nav a[aria-current][href='#checks']")
    assert view.locator("nav a[aria-current]").count() == 1


def test_no_table_is_wider_than_a_desk_and_none_of_words_than_a_telephone(look):
    wider = "(kind) => [...document.querySelectorAll(kind)].filter((each) => each.scrollWidth > each.clientWidth + 1)"
    for width, kind in ((1440, ".scroll"), (380, ".scroll:has(.words)")):
        view = look(width)
        view.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        assert view.evaluate(wider, kind) == []


def test_without_a_script_every_chart_is_there_and_its_spots_have_titles(look):
    view = look(1440, java_script_enabled=False)
    assert view.locator("svg.chart:visible").count() > 0
    assert view.locator("svg.chart .hit title").count() > 0


def test_it_prints_without_cutting_anything_off(look, tmp_path):
    view = look(1440, "dark")
    view.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert view.locator("details.data[open]").count() == 0  # as before
    view.set_viewport_size({"width": 690, "height": 1000})  # A4 less its margins
    view.emulate_media(media="print")
    assert view.evaluate("document.documentElement.scrollWidth") <= 690
    assert view.evaluate(
        "[...document.querySelectorAll('.scroll')].every((each) => each.scrollWidth <= each.clientWidth + 1)"
    )
    assert view.evaluate("[...document.querySelectorAll('details .scroll')].every((each) => each.clientHeight > 0)")
    assert view.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()") == "#1a1d21"
