"""A league that a map describes: any sport by one file."""

from __future__ import annotations

import json

import polars as pl
import pytest

import busta
from busta import plugins
from busta.cli import main
from busta.data.tables import Tables
from busta.errors import DataError, UsageError
from busta.leagues.sim import World, play
from halves import forget
from workspaces import forget_variables

MAP = """
[league]
title = "Handball"
zone = "Europe/Berlin"
[format]
date = "%d.%m.%Y"
odds = "decimal"
spread = "book"
[columns]
Datum = "date"
Zeit = "time"
Heim = "home_team"
Gast = "away_team"
Tore = "home_score"
Gegentore = "away_score"
Handicap = "spread"
[teams]
"SV Albany" = "ALB"
"""
SAID = "[league]\nmargin_sd = 5.5\ntotal_sd = 6.5\nhome_edge = 1.5\n"
ROWS = "date,home_team,away_team,home_score,away_score\n2023-09-07,Kiel,Berlin,31,28\n"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty workspace; the leagues that are described in it are forgotten afterwards."""
    forget_variables(monkeypatch)
    monkeypatch.setenv("BUSTA_HOME", str(tmp_path))
    monkeypatch.setattr(plugins, "_own", {})
    forget()
    yield tmp_path
    forget()


@pytest.fixture(scope="module")
def german():
    """Two simulated seasons as somebody else writes them down."""
    batch = play(World(seasons=3, seed=3))
    spreads = batch.quotes.filter(market="ats", moment="close").select("game_id", "line")
    games = batch.games.join(spreads, on="game_id", how="left")
    start = games["kickoff"].dt.convert_time_zone("Europe/Berlin")
    return games.select(
        start.dt.strftime("%d.%m.%Y").alias("Datum"),
        start.dt.strftime("%H:%M").alias("Zeit"),
        pl.col("home_team").alias("Heim"),
        pl.col("away_team").replace("ALB", "SV Albany").alias("Gast"),
        pl.col("home_score").alias("Tore"),
        pl.col("away_score").alias("Gegentore"),
        (-pl.col("line")).alias("Handicap"),
    )


def ingest(home, rows, of="", name="handball", **how):
    """Ingests those rows with that map, if one is given."""
    (home / "games.csv").write_text(rows)
    (home / "map.toml").write_text(of)
    return busta.ingest(busta.load(), name, home / "games.csv", map_path=home / "map.toml" if of else None, **how)


def test_a_file_and_a_map_make_a_league(home, german):
    result = ingest(home, german.write_csv(), MAP)
    assert (result["league"], result["counts"]["games"]["refused"]) == ("handball", 0)
    league = plugins.pick("league", "handball")
    assert (league.title, league.zone, len(league.teams)) == ("Handball", "Europe/Berlin", 32)
    assert league.team("sv albany") == "ALB"
    played = german.drop_nulls()
    off = (played["Tore"] - played["Gegentore"]).cast(pl.Float64) + played["Handicap"]
    assert league.margin_sd == pytest.approx(off.std(), abs=0.001)
    assert 10 < league.total_sd < 20
    assert result["warnings"][-1].startswith(
        f"taken from these {played.height} games, as the map does not say it: margin"
    )
    stored = Tables(home / "data/tables/handball").read()
    assert (
        stored.games["kickoff"].to_list() == play(World(seasons=3, seed=3)).games.sort("kickoff")["kickoff"].to_list()
    )


def test_the_league_is_there_the_next_time_without_its_map(home, german, monkeypatch):
    ingest(home, german.head(300).write_csv(), MAP)
    numbers = plugins.pick("league", "handball").margin_sd
    monkeypatch.setattr(plugins, "_own", {})
    forget()
    assert "handball" not in plugins.league_names()
    settings = busta.load()
    assert "handball" in plugins.league_names()
    german.tail(200).write_parquet(home / "more.parquet")
    assert busta.ingest(settings, "handball", home / "more.parquet")["counts"]["games"]["new"] > 100
    assert plugins.pick("league", "handball").margin_sd == numbers
    assert busta.build(settings, "handball")["games"] > 400


def test_a_team_that_is_new_later_on_is_said(home):
    ingest(home, ROWS, SAID)
    result = ingest(home, ROWS.replace("Kiel", "Kiehl"))
    assert result["warnings"] == ("1 teams are new: Kiehl; [teams] in the map says whom a misspelt name means",)
    assert plugins.pick("league", "handball").teams == ("Berlin", "Kiehl", "Kiel")


def test_numbers_that_the_map_says_are_taken_and_others_kept(home, german):
    ingest(home, german.write_csv(), MAP)
    before = plugins.pick("league", "handball")
    ingest(home, german.write_csv(), MAP.replace('zone = "', 'home_edge = 9\nzone = "'))
    league = plugins.pick("league", "handball")
    assert (league.home_edge, league.margin_sd) == (9, before.margin_sd)
    columns = MAP[MAP.index("[format]") :]
    assert ingest(home, german.write_csv(), columns)["counts"]["games"]["unchanged"] == german.height
    assert plugins.pick("league", "handball").title == "Handball"


def test_too_few_games_to_take_numbers_from_are_said(home):
    with pytest.raises(UsageError, match=r"margin_sd, total_sd, home_edge of handball cannot be taken from 1 games"):
        ingest(home, ROWS, "[league]\n")
    assert not (home / "data").exists()


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("nfl", SAID, "the league nfl is installed, and needs no description of its own"),
        ("nfl", '[teams]\nx = "y"\n', "the league nfl is installed; of a map only [columns] is for it"),
        ("nfl", '[format]\nrows = "team"\n', "the league nfl is installed; of a map only [columns] is for it"),
        ("handball", '[columns]\nx = "date"\n', "there is no league 'handball'; describe it under [league] in the map"),
        ("Hand Ball", SAID, "league name 'Hand Ball' cannot be one; allowed are lower-case letters, digits and -"),
        ("handball", SAID + '[columns]\nx = "datum"\n', "[columns] maps to 'datum', which the sources do not have"),
    ],
)
def test_a_map_that_does_not_fit_is_refused_and_nothing_is_kept(home, name, text, reason):
    with pytest.raises(UsageError) as caught:
        ingest(home, ROWS, text, name)
    assert reason in str(caught.value)
    assert not (home / "data").exists()


def test_without_a_file_there_is_nothing_to_read(home):
    ingest(home, ROWS, SAID)
    with pytest.raises(UsageError, match="handball is not downloaded; give a file: busta ingest handball --from FILE"):
        busta.ingest(busta.load(), "handball")


def test_the_columns_of_a_map_are_those_of_an_installed_leagues_file(home):
    head = "fixture,season,game_type,week,gameday,home,away,home_score,away_score\n"
    rows = head + "2023_01_KC_BUF,2023,REG,1,2023-09-10,BUF,KC,1,2\n"
    named = '[columns]\nfixture = "game_id"\nhome = "home_team"\naway = "away_team"\n'
    assert ingest(home, rows, named, "nfl")["counts"]["games"]["new"] == 1


def test_a_damaged_description_is_said(home):
    (home / "data/leagues").mkdir(parents=True)
    (home / "data/leagues/handball.json").write_text("{")
    with pytest.raises(DataError, match=r"handball\.json is damaged; delete it, and ingest .* with --map again"):
        busta.load()


def test_an_installed_league_is_not_described_again(home):
    with pytest.raises(UsageError, match="the league nfl is installed"):
        plugins.add_league(plugins.pick("league", "nfl"))


def test_the_command_takes_a_map(home, capsys):
    (home / "games.csv").write_text(ROWS)
    (home / "map.toml").write_text(SAID)
    with pytest.raises(SystemExit) as done:
        main(["ingest", "handball", "--from", "games.csv", "--map", str(home / "none.toml"), "--json"])
    assert done.value.code == 2
    with pytest.raises(SystemExit) as done:
        main(["ingest", "handball", "--from", str(home / "games.csv"), "--map", str(home / "map.toml"), "--json"])
    assert done.value.code == 0
    assert json.loads(capsys.readouterr().out)["counts"]["games"]["new"] == 1


def test_quotes_by_game_are_read_for_a_league_of_ones_own(home):
    ingest(home, ROWS, SAID)
    quotes = "date,home_team,away_team,market,line,first_price,second_price\n2023-09-07,Kiel,Berlin,ats,3.5,1.9,1.9\n"
    assert ingest(home, quotes)["counts"]["quotes"]["new"] == 1
