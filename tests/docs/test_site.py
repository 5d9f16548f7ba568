"""The built pages: everything has its place, every link leads somewhere, nothing is loaded from elsewhere."""

from __future__ import annotations

import re
import shutil
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import pytest

import busta
from busta.data.source import Batch
from busta.performance.audit.run import detectors
from busta.performance.gate.verdict import checks
from busta.plugins import league_names, market_names, pick
from busta.registry.connect import connect
from busta.registry.versions import promote, resolve
from busta.workflows.data.build import catalog
from busta.workflows.data.ingest import tables_of
from busta.workflows.judging.backtest import backtest
from busta.workflows.judging.evaluate import evaluate
from odds import START, answer_of, book, event
from support import game, games_of, quotes_of
from workspaces import register_again, trained

__all__ = ["trained"]

ROOT = Path(__file__).parents[2]
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data", "video": "src"}
FETCHED = {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "prefetch", "modulepreload", "manifest"}


class Page(HTMLParser):
    """Ids, links and whatever a browser loads by itself."""

    def __init__(self, file):
        super().__init__()
        self.ids, self.links, self.loads = set(), set(), set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids |= {found[name] for name in ("id", "name") if found.get(name)}
        if tag == "a" and found.get("href"):
            self.links.add(found["href"])
        if tag == "link" and set((found.get("rel") or "").split()) & FETCHED:
            self.loads.add(found["href"])
        if found.get(LOADS.get(tag)):
            self.loads.add(found[LOADS[tag]])


@cache
def read(file):
    return Page(file)


def html(site):
    return sorted(site.rglob("*.html"))


def reference(site, name):
    return (site / "reference" / name).read_text(encoding="utf-8")


def test_the_hook_has_filled_in_every_part(site):
    assert len(html(site)) > 40
    assert not [file for file in html(site) if "<!-- busta:" in file.read_text(encoding="utf-8")]


def test_every_link_leads_to_a_page_and_a_place_on_it(site):
    lost = []
    for file in html(site):
        for link in read(file).links:
            address, anchor = urldefrag(link)
            if urlparse(address).scheme or address.startswith("/") or file.name == "404.html":
                continue
            to = (file.parent / unquote(address)).resolve() if address else file
            there = to.is_file() and (not anchor or to.suffix != ".html" or unquote(anchor) in read(to).ids)
            lost += [] if there else [f"{file.relative_to(site)}: {link}"]
    assert not lost


def test_no_page_loads_anything_from_another_host(site):
    loaded = {f"{file.relative_to(site)}: {link}" for file in html(site) for link in read(file).loads if "//" in link}
    assert not loaded
    styles = [
        file for file in site.rglob("*.css") if re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", file.read_text())
    ]
    assert not styles


def test_every_command_and_option_is_in_the_reference(site):
    import from_code
    import typer

    from busta.cli.app import app

    page, ids = reference(site, "commands.html"), read(site / "reference/commands.html").ids
    for name, command in from_code.leaves(typer.main.get_command(app)):
        assert name.replace(" ", "-") in ids
        assert not [
            flag
            for param in command.params
            for flag in param.opts
            if f"<code>{flag}</code>" not in page and flag[0] == "-"
        ]


def test_every_metric_of_prometheus_and_every_alert_is_in_the_guide(site):
    from busta.watch.families import FAMILIES
    from figures import served

    page = (site / "how-to" / "monitor.html").read_text(encoding="utf-8")
    names = {*FAMILIES, *re.findall(r"^# TYPE (busta_\w+) ", served().decode(), re.MULTILINE)}
    rules = "".join(file.read_text() for file in (ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))
    names |= set(re.findall(r"alert: (\w+)", rules))
    assert len(names) > 100
    assert not [name for name in names if f"<code>{name}</code>" not in page]


def test_every_setting_is_in_the_reference_with_a_meaning(site):
    import from_code

    page = reference(site, "settings.html")
    for path, _, meaning in from_code.settings_fields():
        assert meaning, f"{path} has no text under it in busta.settings and none in from_code.MEANINGS"
        assert f"<code>BUSTA_{path.upper().replace('.', '__')}</code>" in page


def test_no_meaning_is_kept_for_a_setting_that_is_gone_or_has_its_own():
    import from_code

    from busta.settings import Settings

    used = {text for _, _, text in from_code.settings_fields()}
    assert not [name for name, text in from_code.MEANINGS.items() if text not in used]
    assert from_code.field_docs(Settings)["home"].startswith("The workspace")


def metric_names(trained):
    """Every figure in what train, evaluate and back-test print."""
    settings, names = trained.settings, set()
    result = trained.results["moneyline"]
    measured, bets = evaluate(settings, "moneyline", "sim"), backtest(settings, "moneyline", "sim")
    names |= {*result["metrics"], *measured["metrics"], *measured["differences"], *bets["figures"]}
    names |= {name for row in (*result["by_season"], *bets["by_season"]) for name in row} - {"season", "games"}
    names |= {name for row in bets["strategies"].values() for name in row}
    names |= {name for rows in bets["sensitivity"].values() for row in rows for name in row} - {"slippage", "method"}
    return names


def test_every_metric_is_in_the_reference(site, trained):
    page = reference(site, "metrics.html")
    shown = set(re.findall(r"<code>([a-z_0-9]+)</code>", page))
    plain = {name.removeprefix("closing_line_") for name in metric_names(trained)}
    assert len(plain) > 40
    either = re.compile(r"_(low|high)$")  # one name with its interval is enough
    assert {either.sub("", name) for name in plain} <= {either.sub("", name) for name in shown}


def test_every_check_has_a_page_in_the_navigation(site):
    start = (site / "index.html").read_text(encoding="utf-8")
    assert checks()
    for check in checks():
        page = reference(site, f"checks/{check.code.lower()}.html")
        assert check.title in page
        assert f"reference/checks/{check.code.lower()}.html" in start


def test_every_detector_and_question_of_an_audit_is_in_the_reference(site, trained):
    page, ids = reference(site, "audit.html"), read(site / "reference/audit.html").ids
    assert {detector.name for detector in detectors()} <= ids
    asked = busta.audit(trained.settings, "moneyline", "sim")["findings"]
    assert not [row["name"] for row in asked if f"<code>{row['name']}</code>" not in page and row["name"] not in ids]


def test_every_feature_league_market_and_public_name_is_in_the_reference(site):
    features, lists = reference(site, "features.html"), reference(site, "leagues-and-markets.html")
    assert not [row["name"] for row in catalog() if f"<code>{row['name']}</code>" not in features]
    assert not [name for name in (*league_names(), *market_names()) if f"<code>{name}</code>" not in lists]
    assert set(busta.__all__) <= read(site / "reference/python.html").ids


@pytest.mark.parametrize(
    "kind",
    [
        "train",
        "evaluate",
        "backtest",
        "gate",
        "audit",
        "audit_table",
        "ingest",
        "build",
        "predict",
        "price",
        "explain",
        "list_models",
        "fetch_odds",
        "show_odds",
        "start_trial",
        "retrain",
        "watch",
    ],
)
def test_every_name_of_a_json_object_is_in_the_reference(site, trained, tmp_path, kind):
    shown = set(re.findall(r"<code>([a-z_0-9]+)</code>", reference(site, "json.html")))
    result = objects(trained, tmp_path)[kind]()
    assert set(result) <= shown


def objects(trained, folder):
    """A call of each workflow whose object is described."""
    settings, week = trained.settings, busta.Wanted(week="2014-10")

    def coming():
        return busta.predict(settings, "ats", week, "sim")["predictions"][0]["game_id"]

    return {
        "train": lambda: trained.results["moneyline"],
        "evaluate": lambda: busta.evaluate(settings, "moneyline", "sim"),
        "backtest": lambda: busta.backtest(settings, "moneyline", "sim"),
        "gate": lambda: busta.gate(settings, "moneyline", "sim"),
        "audit": lambda: busta.audit(settings, "moneyline", "sim"),
        "audit_table": lambda: busta.audit_table(a_table(folder), busta.Roles("won", "day")),
        "ingest": lambda: busta.ingest(busta.load(home=folder, sim={"seasons": 3}), "sim"),
        "build": lambda: busta.build(settings, "sim"),
        "predict": lambda: flat(busta.predict(settings, "moneyline", week, "sim"), "predictions"),
        "price": lambda: priced(settings, coming()),
        "explain": lambda: explained(
            settings, busta.predict(settings, "ats", week, "sim")["predictions"][0]["game_id"]
        ),
        "list_models": lambda: busta.list_models(settings)[0],
        "fetch_odds": lambda: offered(folder)[0],
        "show_odds": lambda: offered(folder)[1],
        "start_trial": lambda: tried(settings, folder),
        "retrain": lambda: flat(busta.retrain(settings, "sim", "moneyline", dry_run=True), "models"),
        "watch": lambda: watched(settings, folder),
    }


def tried(settings, folder):
    """A trial of a version against itself under another number, in a copy of the workspace."""
    copy = busta.load(home=shutil.copytree(settings.home, folder / "copy"))
    registry = connect(copy)
    only = resolve(registry, "busta-sim-ats")
    register_again(registry, only)
    promote(registry, only)
    return busta.start_trial(copy, "ats", "sim", model="2")


def watched(settings, folder):
    """Every name there is in what the watch finds, in a copy of the workspace."""
    copy = busta.load(home=shutil.copytree(settings.home, folder / "copy"))
    registry = connect(copy)
    promote(registry, resolve(registry, "busta-sim-ats"))
    found = busta.watch_champions(copy, "sim")
    model = found["models"][0]
    parts = [found, model, model["rolling"], model["decay"], model["predictions"]]
    parts += [row for name in ("features", "groups") for row in found[name][:1]]
    return {name: None for part in parts for name in part}


def offered(folder):
    """What fetching odds prints, and every name there is in a game's line history."""
    settings = busta.load(home=folder)
    coming = game("BUF", "KC", START.rstrip("Z"), game_id="2026_01_KC_BUF")
    tables_of(settings, pick("league", "nfl")).update(Batch(games_of(coming), quotes_of()))
    (folder / "odds.json").write_bytes(answer_of(event(book())))
    fetched = busta.fetch_odds(settings, "nfl", path=folder / "odds.json")
    shown = busta.show_odds(settings, "2026_01_KC_BUF")
    market = shown["markets"][1]
    parts = [shown, market, market["books"][0], market["books"][0]["now"], market["consensus"]["now"], market["best"]]
    return fetched | fetched["quota"], {name: None for part in (*parts, market["best"]["first"]) for name in part}


def explained(settings, game):
    found = busta.explain(settings, "ats", game, "sim")
    overall = busta.explain(settings, "ats", None, "sim")["features"][0]
    return {name: None for part in (found, found["parts"], found["features"][0], overall) for name in part}


def priced(settings, game):
    """Every name there is in the object."""
    found = busta.price(settings, game, "sim", teasers=["6 over"])
    lists = ("prices", "parlays", "teasers", "team_totals", "winning_margins")
    parts = [found, found["fair"], found["parity"], found["teasers"][0]["legs"][0], *(found[name][0] for name in lists)]
    return {name: None for part in parts for name in part}


def flat(result, rows):
    return result | result[rows][0]


def a_table(folder) -> Path:
    file = folder / "mine.csv"
    rows = "\n".join(
        f"2020-01-{day:02d} {hour:02d}:00:00,{(day * hour) % 2}" for day in range(1, 29) for hour in range(8, 18)
    )
    file.write_text(f"day,won\n{rows}\n")
    return file
