"""The report and the card as whole documents."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import resources
from itertools import pairwise

import pytest

from busta.reports.measures import held, told
from busta.reports.numbers import figure, percent, tidy
from busta.reports.page import card, page

SECTIONS = (
    *(
        "verdict",
        "figures",
        "model",
        "baselines",
        "calibration",
        "profit",
        "drawdown",
        "parts",
        "clv",
        "features",
        "checks",
    ),
    *("audit", "data", "tried", "reproduce", "notes", "terms"),
)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>|`*[x](y)"


def test_every_section_is_there_in_order_and_ids_are_unique(document):
    places = [document.ids.index(name) for name in SECTIONS]
    assert places == sorted(places)
    assert len(document.ids) == len(set(document.ids))


def test_the_verdict_stands_before_every_figure_and_headings_go_down_step_by_step(document):
    levels = [int(tag[1]) for tag, _ in document.headings]
    assert levels.count(1) == 1
    assert levels[:2] == [1, 2]
    assert document.headings[1][1] == "May I bet on it?"
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_nothing_is_loaded_from_anywhere(document, material):
    assert all(address.startswith("#") for address in document.addresses)
    assert {address[1:] for address in document.addresses} <= set(document.ids)
    assert not {"link", "img", "iframe", "object", "embed", "form", "base"} & set(document.tags)
    text = page(material)
    assert "url(" not in text.replace("url(#", "")
    assert "@import" not in text
    policy = dict(re.findall(r"([a-z]+-[a-z]+) ('[^;\"]*')", text[:1000].replace("&#39;", "'")))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"].startswith("'sha256-")
    assert not [name for name, _ in document.attributes if name.startswith("on") or name == "style"]


def test_every_chart_has_a_name_a_description_and_its_figures_in_a_table(document, material):
    text = page(material)
    charts = re.findall(r'<svg class="chart" role="img" tabindex="0"[^>]* aria-labelledby="(\S+) (\S+)"', text)
    assert len(charts) == 2 * len(re.findall("<figure>", text))  # wide and narrow
    assert len(charts) >= (10 if material.money["figures"]["bets"] else 4)
    for name, words in charts:
        assert re.search(rf'<title id="{name}">[^<]+</title><desc id="{words}">[^<]+</desc>', text)
    assert text.count("The figures behind this chart") == len(charts) / 2


def test_the_figures_are_those_of_the_gate_and_of_the_back_test(document, material, trained, kind):
    result = trained.results[kind]
    words = tidy(" ".join(document.words.split()))
    for check in result["checks"]:
        assert check["code"] in words
    metrics = result["metrics"]
    assert figure(metrics["log_loss"]) in words
    assert percent(metrics["roi"], "+.1%") in words
    assert percent(material.money["same_bets"]["coin"]["luck_low"], "+.1%") in words
    for row in material.verdict["checks"]:
        assert " ".join(told(row).split()) in words
        assert all(text in words for text in held(row))
    assert f"{material.verdict['trials']['number']} of {material.verdict['trials']['count']}" in words


def test_what_does_not_apply_says_why(document, material):
    if material.about["price"] == "close":
        assert "there is no later line to compare with" in document.words
    else:
        assert "Mean " in document.words
    assert "No audit yet" in document.words or "Findings of the audit" in document.words


@pytest.fixture
def hostile(material_of):
    """A version whose every name was made by an enemy."""
    found = material_of("moneyline")
    names = dict.fromkeys(("model", "market_title", "league_title", "market"), HOSTILE)
    return replace(
        found,
        about=found.about | names | {"aliases": [HOSTILE], "sides": [HOSTILE, HOSTILE]},
        noted={"verdict": HOSTILE, "judged_at": HOSTILE, "forced": HOSTILE},
        importances=[row | {"feature": f"{HOSTILE}{i}"} for i, row in enumerate(found.importances)],
        audit={
            "at": HOSTILE,
            "quick": True,
            "findings": [
                dict.fromkeys(("name", "title", "answer", "words"), HOSTILE)
                | {"figure": None, "threshold": None, "columns": [HOSTILE]}
            ],
        },
        lineage=found.lineage
        | {"git_commit": HOSTILE, "sources": [dict.fromkeys(("name", "sha256", "origin"), HOSTILE)]},
        tried=[row | {"model": HOSTILE} for row in found.tried],
        commands=[HOSTILE],
        changed=[HOSTILE],
        notes={HOSTILE: HOSTILE},
        verdict=found.verdict | {"checks": [check | {"words": HOSTILE} for check in found.verdict["checks"]]},
    )


def test_hostile_names_stay_words(hostile, parse):
    document = parse(hostile)
    assert document.tags.count("script") == 1
    assert "img" not in document.tags
    assert HOSTILE in document.words


def test_hostile_names_stay_words_in_the_card(hostile):
    text = card(hostile)
    outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    assert "<script" not in outside
    assert "](y)" not in outside.replace("\\](y)", "")
    assert text.count("```") == 2


def test_the_card_has_the_verdict_first_and_every_check(material):
    text = card(material)
    assert text.splitlines()[2].startswith("**May I bet on it? ")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == [
        *("## Model", "## Use", "## Figures", "## Checks", "## Data", "## What was tried"),
        *("## The same figures again", "## Notes"),
    ]
    for check in material.verdict["checks"]:
        assert f"| {check['code']} |" in text


def test_an_audit_is_shown_with_its_leaks(material_of, parse):
    row = {"title": "asks", "figure": 0.5, "threshold": 0.1, "words": "it was seen"}
    findings = [
        row | {"name": "replay", "answer": "leak", "columns": ["x"]},
        row | {"name": "folds", "answer": "clean"},
    ]
    found = replace(material_of("ats"), audit={"at": "2026-01-02T03:04:05Z", "quick": False, "findings": findings})
    words = " ".join(parse(found).words.split())
    assert "1 leak in 2 questions, asked 2026-01-02 03:04 UTC." in words
    assert "✗ leak asks 0 values ≤ 0 values it was seen (x)" in words.replace("  ", " ")
    assert "1 leak in 2 questions" in card(found)


def test_a_version_that_was_never_judged_says_so(material_of, parse):
    found = replace(material_of("ats"), noted={"verdict": "", "judged_at": "", "forced": ""})
    assert "never judged before this report" in " ".join(parse(found).words.split())


def test_files_that_are_gone_are_said_to_be_gone(material_of, parse):
    found = material_of("ats")
    bare = replace(
        found,
        importances=[],
        reliability={},
        changed=["[train]", "seed = 3"],
        notes={},
        tried=[],
        lineage={name: None for name in found.lineage if name != "environment"} | {"environment": {}, "sources": []},
    )
    words = " ".join(parse(bare).words.split())
    for said in ("not recorded", "The run names no source files.", "The run keeps no importances", "seed = 3", "None."):
        assert said in words
    assert "None" not in words.replace("None.", "")
    assert "busta.toml: seed = 3" in card(bare)


def luminance(colour):
    """Relative luminance of WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_every_text_stands_out_from_its_ground_as_wcag_aa_asks(scheme):
    style = resources.files("busta.reports").joinpath("templates/style.css").read_text()
    roots = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", roots[scheme]))
    for ground in ("bg", "paper", "faint"):
        for text in ("ink", "soft", "model", "yes", "notyet", "no"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for tone in ("yes", "notyet", "no"):
        for text in ("ink", "soft", "model", tone):
            assert contrast(colours[text], colours[f"{tone}-bg"]) >= 4.5, (text, tone)
    for drawn in ("model", "line", "favourite", "luck", "loss"):
        assert contrast(colours[drawn], colours["paper"]) >= 3, drawn
