"""The page in a real browser, on a real server: a person finds a bet, records it, and sees what became of it."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from contextlib import contextmanager

import httpx
import pytest

import busta
from browsing import HTML
from chromium import OVERLAPS, launched
from support import play
from workspaces import BUSTA, variables

pytestmark = [pytest.mark.browser, pytest.mark.server, pytest.mark.slow]

FOCUSED = "document.activeElement"
SMALL = """
() => [...document.querySelectorAll("button, select, input:not([type=hidden]):not([type=radio])")]
  .filter((each) => each.checkVisibility() && !each.matches(".plain") && each.getBoundingClientRect().height < 24)
  .map((each) => each.outerHTML)
"""
UNNAMED = """
() => [...document.querySelectorAll("input:not([type=hidden]), select, button, a, section, [role=region], table, nav")]
  .filter((each) => each.checkVisibility())
  .filter((each) => !each.labels?.length && !each.textContent.trim() && !each.ariaLabel)
  .filter((each) => !each.ariaLabelledByElements?.length)
  .map((each) => each.outerHTML)
"""
DOUBLED = """
() => { const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
        return ids.filter((id, place) => ids.indexOf(id) !== place); }
"""
CONTRAST = """
() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const weak = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, style, svg, :disabled") || !parent.checkVisibility()) continue;
    const [one, two] = [light(getComputedStyle(parent).color), light(behind(parent))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) weak.push(`${ratio.toFixed(2)} ${node.data.trim()}`);
  }
  return weak;
}
"""


@contextmanager
def serving(home):
    """``busta serve`` in that workspace; yields its address once it is ready."""
    log = home / "server.log"
    with log.open("wb") as file:
        process = subprocess.Popen([*BUSTA, "serve", "--port", "0"], env=variables(home), stdout=file, stderr=file)
    try:
        yield _address(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _address(process, log):
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"at (http://\S+);", log.read_text())
        try:
            if found and httpx.get(f"{found[1]}/health/ready").status_code == 200:
                return found[1]
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def settings(slated, tmp_path_factory):
    """A workspace that is served and may be changed."""
    return slated.copy(tmp_path_factory.mktemp("page") / "home")


@pytest.fixture(scope="module")
def site(settings):
    with serving(settings.home) as address:
        while "still being read" in httpx.get(address, headers=HTML, timeout=60).text:
            time.sleep(0.2)  # the first to read the ledger loads what that takes
        yield address


@pytest.fixture(scope="module")
def chromium():
    with launched() as browser:
        yield browser


@pytest.fixture
def look(chromium, site):
    """Opens the page; at the end nothing may have gone wrong in it, nor may it have asked anybody else."""
    wrong, pages = [], []

    def run(width=1440, scheme="light", path="/", **options):
        view = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options).new_page()
        view.on("console", lambda message: wrong.append(message.text))
        view.on("pageerror", lambda error: wrong.append(str(error)))
        view.on("request", lambda asked: None if asked.url.startswith(site) else wrong.append(asked.url))
        view.goto(site + path)
        pages.append(view)
        return view

    yield run
    for view in pages:
        view.context.close()
    assert wrong == []


def best(settings):
    """The one bet of the coming week."""
    week = busta.Wanted(week="2014-18")
    said = [busta.predict(settings, name, week, "sim") for name in ("moneyline", "ats", "totals")]
    return max((row for each in said for row in each["predictions"] if row["stake"]), key=lambda row: row["edge"])


def is_sound(view, width):
    """Nothing overflows, overlaps, has no name, is there twice, is too small or too weak to read, unfolded or not."""
    view.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    for asked in (OVERLAPS, UNNAMED, DOUBLED, SMALL, CONTRAST):
        assert view.evaluate(asked) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1440])
@pytest.mark.parametrize("path", ["/", "/?game=GAME", "/bets", "/login"])
def test_nothing_overflows_overlaps_is_unnamed_or_too_weak_to_read(look, settings, width, scheme, path):
    view = look(width, scheme, path.replace("GAME", best(settings)["game_id"]))
    is_sound(view, width)
    assert view.locator("main").count() == view.locator("h1").count() == 1
    background = view.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in background[4:-1].split(",")) < 384) == (scheme == "dark")


def test_the_first_view_is_small_and_quick(look, site):
    view = look()
    times = []
    for _ in range(20):
        view.reload()
        entry = view.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
        times.append((entry["responseEnd"] - entry["requestStart"], entry["domContentLoadedEventEnd"]))
        assert entry["decodedBodySize"] <= 100_000
        assert view.evaluate("performance.getEntriesByType('resource').length") == 0
    answered, shown = (sorted(each)[len(times) // 2] for each in zip(*times, strict=True))
    print(f"first view: {entry['decodedBodySize']} bytes; answered in {answered:.0f} ms, shown in {shown:.0f} ms")  # noqa: T201
    assert answered <= 200


def test_a_person_finds_a_bet_records_it_once_and_sees_it_settled(look, settings):
    row = best(settings)
    view = look()
    assert "Not with money" in view.locator("#verdict .answer").inner_text()
    view.get_by_role("link", name="Why, and record").first.click()
    form = view.locator("form.record")
    assert form.is_visible()
    form.get_by_label("Price").fill("+150")
    worth = row["probability"]["win"] * 1.5 - row["probability"]["lose"]
    assert form.locator("output").inner_text() == f"+{100 * worth:.1f}%"
    form.get_by_label("Stake").fill("4")
    form.get_by_label("Book").fill("Pinnacle")
    form.get_by_role("button").dblclick()
    view.wait_for_selector("#said")
    assert "Recorded" in view.locator("#said").inner_text()
    assert "Pinnacle" in view.locator("#ledger table").inner_text()
    assert len(busta.show_bets(settings)["bets"]) == 1

    play(settings, **{row["game_id"]: (10, 7) if row["side"] == "under" else (40, 37)})
    view.get_by_role("button", name="Settle what is finished").click()
    view.wait_for_selector("#said")
    assert "Settled: 1 bet" in view.locator("#said").inner_text()
    paper = view.locator("#paper")
    assert "+6.00" in paper.inner_text()
    assert paper.locator("svg.chart:visible").count() == 1
    assert view.locator("#real").count() == 0


@pytest.mark.parametrize("script", [True, False])
def test_a_person_records_a_bet_of_their_own_and_voids_it_by_keyboard_alone(look, settings, script):
    view = look(380, "dark", java_script_enabled=script)
    view.locator("#games a.more").nth(-1 if script else -2).press("Enter")
    view.locator("details.offer summary", has_text="A bet of your own").press("Enter")
    form = view.locator("form.own")
    form.get_by_label("Bet", exact=True).select_option("ats away")
    for name, text in {"Points": "-3.5", "Price": "-105", "Stake": "7.25", "Book": "Circa"}.items():
        form.get_by_label(name).fill(text)
    form.get_by_label("real money").press("Space")
    form.get_by_label("Price").press("Enter")
    view.wait_for_selector("#said")
    assert "-3.5 (" in view.locator("#said").inner_text().replace("\N{MINUS SIGN}", "-")
    bet = busta.show_bets(settings)["bets"][-1]
    assert (bet["stake"], bet["book"], bet["paper"], bet["state"]) == (7.25, "Circa", False, "open")

    mine = view.locator("#ledger tr", has_text="Circa").first
    if script:
        for width, scheme in ((380, "dark"), (1440, "light")):
            for path in ("/", f"/?game={bet['game_id']}", "/bets"):
                is_sound(look(width, scheme, path), width)
    for done, state in (("Void it", "void"), ("Let it stand again", "open"), ("Void it", "void")):
        mine.locator("summary").press("Enter")
        mine.get_by_label("Reason").fill("postponed")
        mine.get_by_role("button", name=done).press("Enter")
        view.wait_for_selector(f"#said:has-text('{'is void' if state == 'void' else 'stands'}')")
        assert busta.show_bets(settings)["bets"][-1]["state"] == state
    assert "void: postponed" in mine.inner_text()


def test_without_a_script_a_game_unfolds_and_its_forms_are_there(look):
    view = look(java_script_enabled=False)
    view.locator("#games a.more").first.click()
    assert view.locator("details.offer").count() == 4  # three markets, and a bet of one's own
    view.get_by_label("Week", exact=True).select_option("3")
    view.get_by_role("button", name="Show").click()
    assert "Week 3" in view.locator("h1").inner_text()


def test_the_keyboard_alone_reaches_the_content_the_weeks_and_a_game(look):
    view = look(380)
    view.keyboard.press("Tab")
    assert view.evaluate(f"{FOCUSED}.className") == "skip"
    assert view.evaluate(f"{FOCUSED}.getBoundingClientRect().left") >= 0
    view.keyboard.press("Enter")
    reached = []
    for _ in range(60):
        view.keyboard.press("Tab")
        reached.append(view.evaluate(f"{FOCUSED}.name || {FOCUSED}.className || {FOCUSED}.tagName"))
        shown = view.evaluate(f"getComputedStyle({FOCUSED}).outlineStyle")
        assert shown != "none", reached[-1]
        if reached[-1] == "more":
            break
    assert {"season", "week", "more"} <= set(reached)
    view.keyboard.press("Enter")
    view.wait_for_selector("tr.unfolded")
    assert view.locator("tr.own a.more[aria-expanded=true]").count() == 1
