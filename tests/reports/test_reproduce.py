"""What to type for the same figures."""

from __future__ import annotations

import shlex
import tomllib

import pytest

from busta.reports.reproduce import changed, commands, expected, needs
from busta.settings import Settings

ABOUT = {"market": "ats", "league": "nfl", "information": "anchored", "price": "close"}
SOURCES = [{"name": "my games.csv", "sha256": "ab12"}, {"name": "$(rm -rf x).csv", "sha256": "cd34"}]
LINEAGE = {
    "sources": SOURCES,
    "gold_version": "0123",
    "git_commit": "none",
    "environment": {"python": "3.11.7", "machine": "x86_64", "busta": "0.1.0", "numpy": "2.4.6"},
}


METRICS = {"log_loss": 0.60681455, "brier": 0.2099808, "bets": 302, "roi": -0.09504711}


def typed(about=ABOUT, lineage=LINEAGE, lines=(), audited=False):
    return commands(about, lineage, list(lines), METRICS, audited=audited)


def test_default_settings_are_no_lines():
    defaults = {"train": {"seed": 1, "anchored": {"linear": {"ridge": 3.0}}}}
    assert changed(defaults, defaults) == []


def test_lines_are_toml_that_makes_the_settings(tmp_path):
    text = 'x"\\ and 50 %'
    settings = {
        "home": "/elsewhere",
        "tracking": {"tracking_uri": "secret"},
        "train": {"seed": 3, "window": None, "jobs": 2, "blind": {"linear": {"ridge": 7.5}, "line_share": 0.5}},
        "bets": {"stakes": text, "assumed_prices": False},
        "data": {"columns": {"my col": "home_team"}},
    }
    defaults = {"train": {"seed": 20, "jobs": 2, "blind": {"linear": {"ridge": 1.0}, "line_share": 0.5}}}
    found = tomllib.loads("\n".join(changed(settings, defaults)))
    assert found == {
        "train": {"seed": 3, "blind": {"linear": {"ridge": 7.5}}},
        "bets": {"stakes": text, "assumed_prices": False},
        "data": {"columns": {"my col": "home_team"}},
    }


def test_real_settings_come_back(tmp_path):
    sections = {name: field.default for name, field in Settings.model_fields.items()}
    defaults = {name: part.model_dump(mode="json") for name, part in sections.items() if hasattr(part, "model_dump")}
    settings = defaults | {"train": defaults["train"] | {"seed": 5, "first_test_season": 2012}}
    assert changed(settings, defaults) == ["[train]", "first_test_season = 2012", "seed = 5"]


def test_files_are_named_with_their_checksums_and_quoted():
    found = typed()
    for source in SOURCES:
        assert f"sha256sum {shlex.quote(source['name'])}    # {source['sha256']}" in found
    assert shlex.split(next(line for line in found if line.startswith("busta ingest"))) == [
        *("busta", "ingest", "nfl", "--from", "../my games.csv", "--from", "../$(rm -rf x).csv"),
    ]
    assert "busta doctor    # Python 3.11.7, busta 0.1.0, numpy 2.4.6" in found


def test_files_are_named_from_where_the_shell_stands():
    found = typed()
    entered = found.index("busta init again && cd again")
    assert all("sha256sum" in line for line in found[:entered])
    assert not any("sha256sum" in line for line in found[entered:])


def test_a_training_says_what_it_prints():
    line = next(line for line in typed() if line.startswith("busta train"))
    assert line == "busta train ats    # row of the model: log loss 0.6068, Brier 0.2100, bets 302, ROI -9.5%"


@pytest.mark.parametrize("audited", [True, False])
def test_an_audit_is_asked_for_where_one_was_noted_and_before_the_gate(audited):
    found = typed(audited=audited)
    assert ("busta audit ats" in found) == audited
    if audited:
        assert found.index("busta audit ats") + 1 == found.index("busta gate ats --model 1")


def test_a_training_that_was_told_where_to_end_is_told_again():
    assert any(
        line.startswith("busta train ats --through 2019 ") for line in typed(lineage=LINEAGE | {"through": 2019})
    )


def test_what_is_needed_and_what_comes_out_is_said():
    said = " ".join((*needs(LINEAGE | {"git_commit": "abc"}), expected(ABOUT, METRICS)))
    for words in ("Python 3.11.7", "busta 0.1.0", "`make env`", "empty folder with the 2 source files", "commit abc"):
        assert words in said
    assert "log_loss 0.60681455" in said
    assert "under git" not in " ".join(needs(LINEAGE))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"league": "sim"}, "busta train ats --league sim"),
        ({"information": "blind"}, "busta train ats --blind"),
        ({"price": "open"}, "busta train ats --price open"),
    ],
)
def test_the_kind_of_model_is_in_every_command(changes, words):
    found = typed(ABOUT | changes, lines=["[train]"])
    assert any(line.startswith(f"{words}  ") for line in found)
    assert words.replace("train", "report") + " --model 1" in found
    assert any("busta.toml" in line for line in found)
    assert ("busta sim" in found) == (changes.get("league") == "sim")


def test_what_is_not_known_is_left_out():
    found = typed(lineage={})
    assert found[0] == "busta init again && cd again"
    assert "busta ingest nfl" in found
    assert not any("doctor" in line for line in found)
