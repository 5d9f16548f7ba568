from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from busta import settings as settings_module
from busta.data import archive, openings
from busta.data.schema import EPA
from busta.data.tables import Tables
from busta.errors import OutsideError, UsageError
from busta.leagues.nfl import CLUBS, LEAGUE, MOVES
from replay import answer

DATA = Path(os.environ.get("BUSTA_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
HEADER = "game_id,season,game_type,week,gameday,home_team,away_team,home_score,away_score,spread_line\n"
BOOK = {
    "date": 20230910.0, "home_team": "Bills", "away_team": "KansasCity", "home_open_spread": 2,
    "home_close_spread": 2.5, "open_over_under": 48, "close_over_under": 47.5,
}  # fmt: skip
ROW = "2023_01_KC_BUF,2023,REG,1,2023-09-10,Bills,KC,20,17,-2.5\n"


@pytest.fixture
def config(tmp_path):
    return settings_module.load(home=tmp_path)


def test_there_are_32_teams_each_with_a_home():
    assert len(set(LEAGUE.teams)) == 32
    assert set(LEAGUE.teams) <= set(LEAGUE.places)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("OAK", "LV"),
        ("SD", "LAC"),
        ("STL", "LA"),
        ("LAR", "LA"),
        ("JAC", "JAX"),
        ("WSH", "WAS"),
        ("ARZ", "ARI"),
        ("chiefs", "KC"),
        ("Kansas City Chiefs", "KC"),
        ("KansasCity", "KC"),
        (" Green Bay ", "GB"),
        ("N.Y. Giants", "NYG"),
        ("NYJets", "NYJ"),
        ("49ers", "SF"),
        ("St.Louis", "LA"),
        ("Washington Football Team", "WAS"),
        ("la", "LA"),
    ],
)
def test_a_team_is_known_by_all_its_names(name, code):
    assert LEAGUE.team(name) == code


@pytest.mark.parametrize("name", ["New York", "Los Angeles", "Kansas", "", "Kansas City Chefs"])
def test_a_name_of_two_teams_or_of_none_is_refused(name):
    with pytest.raises(UsageError, match="unknown nfl team"):
        LEAGUE.team(name)


def test_aliases_are_lower_case_and_lead_to_teams():
    assert all(alias == alias.lower() and code in LEAGUE.teams for alias, code in LEAGUE.aliases.items())
    for code, club in CLUBS.items():
        assert LEAGUE.aliases[club.nickname.lower()] == code


def test_places_are_on_the_map_in_a_zone_that_fits_their_longitude():
    for place in [*LEAGUE.places.values(), *MOVES.values()]:
        offset = (
            ZoneInfo(place.zone).utcoffset(datetime(2023, 1, 15, tzinfo=UTC).replace(tzinfo=None)).total_seconds()
            / 3600
        )
        assert -35 < place.latitude < 54
        assert abs(place.longitude / 15 - offset) < 1.3


def test_the_moved_franchises_have_their_old_homes():
    assert {(team, last) for team, _, last in LEAGUE.moves} == {("LA", 2015), ("LAC", 2016), ("LV", 2019)}


def test_files_are_read_in_place_of_a_download(config, tmp_path):
    (tmp_path / "mine.csv").write_text(HEADER + ROW)
    batch = LEAGUE.load(config, [tmp_path / "mine.csv"])
    assert batch.games.select("home_team", "away_team", "home_score").row(0) == ("BUF", "KC", 20)
    assert batch.quotes.select("market", "line", "first_price").rows() == [("ats", -2.5, None)]
    assert batch.files[0].name == "mine.csv"


def test_the_users_column_names_come_from_the_settings(tmp_path):
    (tmp_path / "mine.csv").write_text(HEADER.replace("home_team", "Host") + ROW)
    config = settings_module.load(home=tmp_path, data={"columns": {"Host": "home_team"}})
    assert LEAGUE.load(config, [str(tmp_path / "mine.csv")]).games["home_team"].to_list() == ["BUF"]


def test_opening_spreads_and_an_archive_are_read_with_the_games_they_are_of(config, tmp_path):
    (tmp_path / "mine.csv").write_text(HEADER + ROW)
    (tmp_path / "first.csv").write_text("game_id,spread_open\n2023_01_KC_BUF,-1.5\n")
    (tmp_path / "book.json").write_text(json.dumps([BOOK]))
    batch = LEAGUE.load(config, [tmp_path / name for name in ("book.json", "first.csv", "mine.csv")])
    opened = batch.quotes.filter(moment="open").sort("market", "book")
    assert opened.select("market", "book", "line").rows() == [
        ("ats", "openings", -1.5),
        ("ats", "sportsbook", -2.0),
        ("totals", "sportsbook", 48.0),
    ]
    assert LEAGUE.load(config, [tmp_path]).quotes.sort(pl.all()).equals(batch.quotes.sort(pl.all()))


def test_quotes_alone_are_of_the_games_in_the_workspaces_tables(config, tmp_path):
    (tmp_path / "book.json").write_text(json.dumps([BOOK]))
    assert LEAGUE.load(config, [tmp_path / "book.json"]).quotes.is_empty()
    (tmp_path / "mine.csv").write_text(HEADER + ROW)
    tables = Tables(config.tables / "nfl")
    tables.update(LEAGUE.load(config, [tmp_path / "mine.csv"]))
    tables.update(LEAGUE.load(config, [tmp_path / "book.json"]))
    assert sorted(tables.read().quotes.select("market", "moment").rows()) == [
        ("ats", "close"),
        ("ats", "open"),
        ("totals", "open"),
    ]


def test_the_opening_spreads_by_game_id_are_the_first_book_by_name():
    """Where both files have a game, the one that knows which team was favoured is read."""
    assert openings.BOOK < archive.BOOK


def test_a_path_that_is_not_there_is_a_usage_error(config, tmp_path):
    with pytest.raises(UsageError, match="no file or folder"):
        LEAGUE.load(config, [tmp_path / "none.csv"])


GAMES_PATH, TEAMS_PATH = "/data/games.csv", "/teams/{season}.csv"
EARLIER = "2022_01_BUF_KC,2022,REG,1,2022-09-11,Chiefs,BUF,10,17,2.5\n"
WEEK = (
    "season,week,team,opponent_team,attempts,sacks_suffered,carries,passing_epa,rushing_epa\n"
    "{season},1,BUF,KC,30,2,28,{epa},-2\n{season},1,KC,BUF,41,1,20,3,1.25\n"
)


@pytest.fixture
def nflverse(site, tmp_path):
    """Settings of a workspace whose nflverse is a server on this machine, which has two seasons of one game each."""
    site.routes = {GAMES_PATH: [answer(body=(HEADER + EARLIER + ROW).encode())]}
    for season in (2022, 2023):
        body = WEEK.format(season=season, epa=10.5).encode()
        site.routes[TEAMS_PATH.format(season=season)] = [answer(body=body, ETag=f'"{season}"')]
    addresses = {"nflverse_url": site.at(GAMES_PATH), "nflverse_teams_url": site.at(TEAMS_PATH)}
    return settings_module.load(home=tmp_path, data=addresses | {"retries": 0, "timeout": 5})


def ingested(config):
    """What a download of the league brings, stored."""
    batch = LEAGUE.load(config, [])
    Tables(config.tables / "nfl").update(batch)
    return batch


def test_a_download_brings_the_games_and_the_team_statistics_of_each_season(nflverse, site, tmp_path):
    batch = ingested(nflverse)
    assert site.paths == [GAMES_PATH, TEAMS_PATH.format(season=2023), TEAMS_PATH.format(season=2022)]
    assert [file.name for file in batch.files] == ["games.csv", "2023.csv", "2022.csv"]
    assert {path.name for path in (tmp_path / "data/raw/nfl").iterdir()} >= {file.sha256 for file in batch.files}
    epa = batch.facts.filter(pl.col("fact") == EPA)
    assert (batch.games.height, epa.height, batch.warnings) == (2, 4, ())


def test_only_the_last_season_and_those_that_lack_something_are_asked_for_again(nflverse, site):
    ingested(nflverse)
    changed = answer(body=WEEK.format(season=2023, epa=11).encode())
    site.routes[TEAMS_PATH.format(season=2023)] = [answer(304, b""), changed]
    ingested(nflverse)
    batch = ingested(nflverse)
    assert site.paths[3:] == [GAMES_PATH, TEAMS_PATH.format(season=2023)] * 2
    assert [asked.get("If-None-Match") for asked in site.asked[4::2]] == ['"2023"', '"2023"']
    assert batch.facts.filter(fact=EPA, team="BUF")["value"].to_list() == [9.0]


def test_a_season_without_team_statistics_is_a_warning(nflverse, site):
    site.routes[TEAMS_PATH.format(season=2023)] = [answer(404, b"")]
    batch = ingested(nflverse)
    assert batch.warnings == ("nflverse team statistics by week: the server has none for 2023 (404)",)
    assert (batch.games.height, batch.facts.filter(fact=EPA)["game_id"].unique().to_list()) == (2, ["2022_01_BUF_KC"])


def test_a_server_of_team_statistics_that_is_down_is_asked_once_and_a_warning(nflverse, site):
    site.routes[TEAMS_PATH.format(season=2023)] = [answer(503, b"")]
    batch = ingested(nflverse)
    assert site.paths == [GAMES_PATH, TEAMS_PATH.format(season=2023)]
    (warning,) = batch.warnings
    assert warning.startswith(
        "nflverse team statistics by week of 2023 and the seasons before it: cannot fetch http://"
    )
    assert (batch.games.height, batch.facts.height) == (2, 0)


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"", b"season,week\n2023,1\n", b"\x00\x01"])
def test_team_statistics_that_are_none_are_a_warning(nflverse, site, body):
    site.routes[TEAMS_PATH.format(season=2023)] = [answer(body=body)]
    batch = ingested(nflverse)
    (warning,) = batch.warnings
    assert warning.startswith("nflverse team statistics by week, 2023: not nflverse team statistics by week: ")
    assert batch.games.height == 2


def test_refused_rows_of_team_statistics_tell_their_file(nflverse, site):
    site.routes[TEAMS_PATH.format(season=2023)] = [answer(body=WEEK.format(season=2023, epa="x").encode())]
    assert ingested(nflverse).refused["reason"].to_list() == ["2023.csv: epa: column passing_epa: 'x' is not a number"]


def test_a_league_without_a_result_asks_for_no_team_statistics(nflverse, site):
    coming = ROW.replace("2023-09-10", "2099-09-10").replace("2023,", "2099,").replace("20,17", "NA,NA")
    site.routes[GAMES_PATH] = [answer(body=(HEADER + coming).encode())]
    batch = ingested(nflverse)
    assert (site.paths, batch.games.height) == ([GAMES_PATH], 1)


def test_the_address_of_team_statistics_says_where_the_season_stands(tmp_path):
    with pytest.raises(UsageError, match=r"nflverse_teams_url = 'http://host/x\.csv'"):
        settings_module.load(home=tmp_path, data={"nflverse_teams_url": "http://host/x.csv"})


def test_a_download_that_fails_says_to_give_a_file(tmp_path):
    url = {"nflverse_url": "http://127.0.0.1:9/games.csv", "retries": 0, "timeout": 1}
    with pytest.raises(OutsideError, match="--from FILE"):
        LEAGUE.load(settings_module.load(home=tmp_path, data=url), [])


@pytest.mark.real_data
def test_every_neutral_game_of_the_real_file_is_at_a_place_that_is_known(config):
    games = LEAGUE.load(config, [DATA / "nflverse_games.csv"]).games
    venues = games.filter(pl.col("neutral"))["venue"].unique().to_list()
    assert [venue for venue in venues if venue not in LEAGUE.places] == []


@pytest.mark.real_data
def test_the_leagues_numbers_are_those_of_the_real_games(config):
    batch = LEAGUE.load(config, [DATA / "nflverse_games.csv"])
    lines = batch.quotes.pivot("market", index="game_id", values="line")
    played = batch.games.join(lines, on="game_id")
    margin = (played["home_score"] - played["away_score"]).cast(pl.Float64)
    total = (played["home_score"] + played["away_score"]).cast(pl.Float64)
    assert (margin - played["ats"]).std() == pytest.approx(LEAGUE.margin_sd, abs=0.3)
    assert (total - played["totals"]).std() == pytest.approx(LEAGUE.total_sd, abs=0.3)
    assert margin.filter(~played["neutral"]).mean() == pytest.approx(LEAGUE.home_edge, abs=0.5)


@pytest.mark.real_data
def test_the_real_files_of_three_kinds_go_into_the_tables_in_one_call_or_in_three(config, tmp_path):
    names = ("nflverse_games.csv", "nfl_opening_spreads_2007_2021.csv", "odds_history_nfl.json")
    at_once, by_one = Tables(tmp_path / "once"), Tables(config.tables / "nfl")
    report = at_once.update(LEAGUE.load(config, [DATA / name for name in names]))
    for name in names:
        last = by_one.update(LEAGUE.load(config, [DATA / name]))
    assert last.version == report.version
    assert (report.counts["games"].new, report.counts["quotes"].refused) == (6421, 378)
    opened = at_once.read().quotes.filter(moment="open")
    assert opened.group_by("book", "market").len().sort("book", "market").rows() == [
        ("openings", "ats", 4022),
        ("sportsbook", "ats", 2331),
        ("sportsbook", "totals", 2639),
    ]
    both = opened.filter(market="ats").pivot("book", index="game_id", values="line").drop_nulls()
    apart = (both["openings"] - both["sportsbook"]).abs()
    assert both.height > 2300
    assert (apart <= 1).mean() > 0.8
    assert (apart > 3).mean() < 0.03
