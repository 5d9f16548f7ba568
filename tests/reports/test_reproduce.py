"""What to type for the same figures."""

from __future__ import annotations

import shlex
import tomllib

import pytest

from busta.reports.reproduce import changed, commands
from busta.settings import Settings

ABOUT = {"market": "ats", "league": "nfl", "information": "anchored", "price": "close"}
SOURCES = [{"name": "my games.csv", "sha256": "ab12"}, {"name": "$(rm -rf x).csv", "sha256": "cd34"}]
LINEAGE = {
    "sources": SOURCES,
    "gold_version": "0123",
    "git_commit": "none",
    "environment": {"python": "3.11.7", "machine": "x86_64", "busta": "0.1.0", "numpy": "2.4.6"},
}


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
    found = commands(ABOUT, LINEAGE, [])
    for source in SOURCES:
        assert f"sha256sum {shlex.quote(source['name'])}    # {source['sha256']}" in found
    assert shlex.split(next(line for line in found if line.startswith("busta ingest"))) == [
        *("busta", "ingest", "nfl", "--from", "my games.csv", "--from", "$(rm -rf x).csv"),
    ]
    assert "busta train ats" in found
    assert not any("git checkout" in line for line in found)
    assert "python -m pip install numpy==2.4.6    # with busta 0.1.0" in found
    assert "busta init again && cd again" in found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"league": "sim"}, "busta train ats --league sim"),
        ({"information": "blind"}, "busta train ats --blind"),
        ({"price": "open"}, "busta train ats --price open"),
    ],
)
def test_the_kind_of_model_is_in_every_command(changes, words):
    found = commands(ABOUT | changes, LINEAGE, ["[train]"])
    assert words in found
    assert words.replace("train", "report") + " --model 1" in found
    assert any("busta.toml" in line for line in found)
    assert ("busta sim" in found) == (changes.get("league") == "sim")


def test_what_is_not_known_is_left_out():
    found = commands(ABOUT, {"git_commit": "abc"}, [])
    assert found[0].startswith("git checkout abc")
    assert "busta ingest nfl" in found
    assert not any("pip" in line for line in found)
