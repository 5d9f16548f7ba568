"""Plugins of other packages, found through entry points."""

from dataclasses import replace
from typing import Any

import pytest

from busta import plugins
from busta.errors import UsageError
from busta.plugins import Market
from halves import Point, forget
from support import tiny_league

MINE = Market("first-half", "First half", ("home", "away"), "margin", True, ("*_diff",), "price", "elo_diff", ("1h",))
OURS = plugins.market_names()


@pytest.fixture
def installed(monkeypatch):
    """Pretends that packages are installed which offer these objects."""
    found: dict[str, list[Any]] = {}
    monkeypatch.setattr(plugins, "entry_points", lambda group: [Point(o) for o in found.get(group, [])])
    forget()
    yield found
    forget()


def test_another_packages_market_is_found_beside_our_own(installed):
    installed["busta.markets"] = [MINE]
    assert plugins.pick("market", "first-half") is MINE
    assert plugins.pick("market", "1h") is MINE
    assert set(plugins.market_names()) == {*OURS, "first-half"}


def test_another_packages_league_is_found_beside_our_own(installed):
    installed["busta.leagues"] = [tiny_league()]
    assert plugins.pick("league", "tiny").teams[0] == "BOS"
    assert {"sim", "tiny"} <= set(plugins.league_names())


def test_a_plugin_of_the_wrong_type_is_refused(installed):
    installed["busta.markets"] = [tiny_league()]
    with pytest.raises(UsageError, match=r"busta.markets is a League, not a Market"):
        plugins.markets()


@pytest.mark.parametrize("kind", ["markets", "leagues"])
def test_two_plugins_of_one_name_are_refused(installed, kind):
    twin = replace(MINE, name="ats") if kind == "markets" else tiny_league(name="sim")
    installed[f"busta.{kind}"] = [twin]
    with pytest.raises(UsageError, match=f"two plugins in busta.{kind} are called '{twin.name}'; rename one"):
        getattr(plugins, kind)()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "First half"}, "market name 'First half' cannot be one; allowed are lower-case letters"),
        ({"quantity": "sum"}, "unknown quantity 'sum'. Allowed: margin, total, home, away"),
    ],
)
def test_a_market_that_cannot_be_one_is_refused_where_it_is_made(change, says):
    with pytest.raises(UsageError, match=f"^{says}"):
        replace(MINE, **change)


def test_without_other_packages_there_are_our_own(installed):
    assert plugins.market_names() == OURS
    assert "sim" in plugins.league_names()


@pytest.mark.parametrize("name", [3, None, ["sim"], {"sim"}])
def test_a_name_that_is_no_text_is_refused_with_those_there_are(name):
    with pytest.raises(UsageError, match=r"unknown league .* Allowed: nba, nfl, sim"):
        plugins.pick("league", name)


def test_one_thing_is_taken_where_several_are_and_no_text_is_taken_for_its_letters():
    assert plugins.several("seasons", 2019, int, "a season") == (2019,)
    assert plugins.several("seasons", range(2019, 2021), int, "a season") == (2019, 2020)
    assert plugins.several("teams", (), str, "a team") == ()
    for given in ("2019", [2019, "2020"], 2019.5, None, object):
        with pytest.raises(UsageError, match=r"^seasons = .*: needed is a season, or several in a list$"):
            plugins.several("seasons", given, int, "a season")
