"""What every league that is found keeps to."""

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from busta.data.source import Batch
from busta.data.tables import Tables
from busta.errors import UsageError
from busta.plugins import league_names, leagues, pick
from busta.settings import Settings
from support import game, games_of, quotes_of

LEAGUES = leagues()


@pytest.fixture(params=LEAGUES.values(), ids=lambda league: league.name)
def league(request):
    return request.param


def test_the_simulated_league_is_always_there():
    assert "sim" in league_names()
    assert list(league_names()) == sorted(LEAGUES)


def test_teams_stand_there_once(league):
    assert len(set(league.teams)) == len(league.teams) >= 2


def test_an_alias_is_lower_case_and_means_a_team(league):
    for alias, team in league.aliases.items():
        assert alias == alias.lower()
        assert team in league.teams


def test_a_team_is_found_by_its_code_and_by_every_alias_however_written(league):
    for team in league.teams:
        assert league.team(team) == team
    for alias, team in league.aliases.items():
        assert league.team(f" {alias.upper()} ") == team


def test_a_team_that_is_not_there_is_refused_and_never_guessed(league):
    with pytest.raises(UsageError, match=f"unknown {league.name} team 'Nobody'.*{league.teams[0]}"):
        league.team("Nobody")
    with pytest.raises(UsageError):
        league.team("")


def test_every_team_has_a_home_and_every_place_is_on_earth(league):
    assert set(league.teams) <= set(league.places)
    for place in (*league.places.values(), *league.moves.values()):
        assert -90 <= place.latitude <= 90
        assert -180 <= place.longitude <= 180
        assert ZoneInfo(place.zone)
    assert ZoneInfo(league.zone)


def test_a_move_is_of_a_team_and_never_two_at_once(league):
    for team, first, last in league.moves:
        assert team in league.teams
        assert first <= last
    spans = sorted(league.moves)
    assert not [a for a, b in pairwise(spans) if a[0] == b[0] and a[2] >= b[1]]


def test_a_leagues_numbers_can_be_right(league):
    assert league.margin_sd > 0
    assert league.total_sd > 0
    assert 0 < league.market_gain < 1
    assert 0 <= league.market_carry <= 1
    assert league.title


def test_a_league_is_picked_by_name(league):
    assert pick("league", league.name) is league


def test_an_unknown_league_lists_those_there_are():
    with pytest.raises(UsageError, match=r"unknown league 'simm'; did you mean 'sim'\?.*Allowed: .*nfl.*sim"):
        pick("league", "simm")


def test_a_market_is_no_league():
    with pytest.raises(UsageError, match="unknown league 'ats'"):
        pick("league", "ats")


def test_a_league_takes_quotes_and_facts_by_game_of_the_games_it_has(league, tmp_path):
    settings, (home, away) = Settings(home=tmp_path), league.teams[:2]
    played = game(home, away, "2022-09-11T17:00", (20, 10))
    Tables(settings.tables / league.name).update(Batch(games_of(played), quotes_of()))
    where = f"2022-09-11,{home},{away}"
    names = "date,home_team,away_team"
    (tmp_path / "quotes.csv").write_text(f"{names},market,line,first_price,second_price\n{where},ats,3.5,-110,1.95\n")
    (tmp_path / "facts.csv").write_text(f"{names},fact,home_value,away_value\n{where},epa,3,-1\n")
    batch = league.load(settings, [tmp_path / "quotes.csv", tmp_path / "facts.csv"])
    assert batch.quotes.select("game_id", "market", "line").rows() == [(played["game_id"], "ats", 3.5)]
    assert batch.facts["value"].to_list() == [3, -1]
    assert batch.refused.is_empty()
