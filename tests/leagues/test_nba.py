"""The NBA: which files are read, who is who and where, and what the schedule tells of a night."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from busta import settings as settings_module
from busta.betting.odds import remove_vig
from busta.data.schema import decision_time
from busta.data.tables import Tables
from busta.errors import DataError, UsageError
from busta.features.build import build_events
from busta.leagues.nba import CLUBS, LEAGUE, MOVES
from support import gold_from, same_bytes

DATA = Path(os.environ.get("BUSTA_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
FIRST, SECOND, THIRD = "2014-11-05", "2014-11-06", "2014-11-08"


@pytest.fixture
def config(tmp_path):
    return settings_module.load(home=tmp_path)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """What is in the real file."""
    config = settings_module.load(home=tmp_path_factory.mktemp("real"))
    return LEAGUE.load(config, [DATA / "nba_odds_history.csv"])


@pytest.fixture
def nights(nba_load, nba_pair):
    """Four teams play on a night, on the next one, and on the next but one."""
    met = {
        FIRST: (("Boston", "Miami"), ("Utah", "Denver")),
        SECOND: (("Miami", "Utah"), ("Denver", "Boston")),
        THIRD: (("Utah", "Boston"), ("Miami", "Denver")),
    }
    games = [nba_pair(date=day, team=home, opponent=away) for day, two in met.items() for home, away in two]
    return nba_load(*(row for game in games for row in game))


def by_game(batch, group):
    return build_events(batch.games, batch.quotes, LEAGUE)[group].rows_by_key("game_id", named=True, unique=True)


# which files are read


def test_there_is_no_download(config):
    with pytest.raises(UsageError, match="not downloaded; give a file: busta ingest nba --from FILE"):
        LEAGUE.load(config, [])


def test_a_file_of_another_kind_is_refused_by_its_columns(config, tmp_path):
    (tmp_path / "games.csv").write_text("game_id,season\n2021_01_DAL_TB,2021\n")
    with pytest.raises(DataError, match=r"games.csv: not a history of NBA odds: no column date, team, home/visitor"):
        LEAGUE.load(config, [tmp_path / "games.csv"])


def test_the_users_column_names_come_from_the_settings(nba_load, nba_pair, tmp_path):
    nba_load(*nba_pair())
    file = tmp_path / "history.csv"
    file.write_text(file.read_text().replace("home/visitor", "ground"))
    config = settings_module.load(home=tmp_path, data={"columns": {"ground": "home/visitor"}})
    assert LEAGUE.load(config, [file]).games.height == 1


# what is known of a night


def test_games_of_a_day_never_learn_from_each_other_and_the_next_day_learns_from_all(nights):
    asked = nights.games.select("game_id", decision_time("close").alias("decision_time"))
    before = gold_from(nights.games, nights.quotes, LEAGUE).as_of(asked)
    for day, later in ((FIRST, {SECOND, THIRD}), (SECOND, {THIRD}), (THIRD, set())):
        changed = pl.when(pl.col("game_id").str.starts_with(day)).then(pl.col("home_score") + 40)
        other = nights.games.with_columns(changed.otherwise("home_score").alias("home_score"))
        after = gold_from(other, nights.quotes, LEAGUE).as_of(asked)
        pairs = zip(before.rows(), after.rows(), strict=True)
        assert {one[0][:10] for one, two in pairs if one != two} == later


def test_rest_travel_and_altitude_come_from_the_schedule(nights):
    found = by_game(nights, "schedule")
    second, third = found[f"{SECOND}_UTA_MIA"], found[f"{THIRD}_BOS_UTA"]
    assert [second[f"{name}_sum"] for name in ("back_to_back", "three_in_four", "rest_days")] == [2, 0, 2]
    assert [third[f"{name}_sum"] for name in ("back_to_back", "three_in_four", "rest_days")] == [0, 2, 4]
    assert third["climb_km_diff"] == pytest.approx(0.01 - 1.30)
    assert third["travel_km_sum"] == pytest.approx(3.37, rel=0.01)  # Boston to Salt Lake City, in thousands


def test_pace_is_in_the_scores_of_both_teams(nights):
    form = build_events(nights.games, nights.quotes, LEAGUE)["form"].filter(game_id=f"{SECOND}_UTA_MIA").tail(1)
    assert form.select("points_for_5_sum", "points_against_5_sum", "past_total_5_sum").row(0) == pytest.approx(
        (95 + 101, 101 + 95, 2 * 201.5)
    )


# teams and places


def test_there_are_30_teams():
    assert len(CLUBS) == len(set(LEAGUE.teams)) == 30


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Seattle", "OKC"),
        ("Seattle SuperSonics", "OKC"),
        ("New Jersey", "BKN"),
        ("NJN", "BKN"),
        ("Charlotte", "CHA"),
        ("Bobcats", "CHA"),
        ("Charlotte Hornets", "CHA"),
        ("New Orleans Hornets", "NOP"),
        ("NOH", "NOP"),
        ("LA Lakers", "LAL"),
        ("L.A. Clippers", "LAC"),
        ("Los Angeles Lakers", "LAL"),
        ("golden state", "GSW"),
        (" Trail Blazers ", "POR"),
        ("Vancouver", "MEM"),
        ("sixers", "PHI"),
    ],
)
def test_a_team_is_known_by_all_its_names(name, code):
    assert LEAGUE.team(name) == code


@pytest.mark.parametrize("name", ["Los Angeles", "Hornets", "LA", "", "Boston Celtic"])
def test_a_name_of_two_teams_or_of_none_is_refused(name):
    with pytest.raises(UsageError, match="unknown nba team"):
        LEAGUE.team(name)


def test_a_moved_franchise_has_its_old_home(nba_load, nba_pair):
    before = nba_pair(team="Seattle", opponent="Denver", date="2008-04-13", season=2008)
    after = nba_pair(team="Oklahoma City", opponent="Denver", date="2008-11-02", season=2009)
    batch = nba_load(*before, *after)
    assert batch.games["home_team"].to_list() == ["OKC", "OKC"]
    ways = [row["travel_km_sum"] for row in by_game(batch, "schedule").values()]
    assert ways == [pytest.approx(1.64, rel=0.01), pytest.approx(0.80, rel=0.02)]  # from Denver, in thousands


def test_places_are_on_the_map_and_the_highest_are_denver_and_salt_lake_city():
    for place in [*LEAGUE.places.values(), *MOVES.values()]:
        assert 25 < place.latitude < 50
        assert -124 < place.longitude < -71
        assert 0 <= place.altitude < 1.7
    assert sorted(CLUBS, key=lambda code: -CLUBS[code].home.altitude)[:2] == ["DEN", "UTA"]


# the real file


@pytest.mark.real_data
def test_the_real_file_has_every_game_of_twelve_seasons_once(real):
    """1,230 a season; 990 after the lock-out of 2011, and one of 2013 was called off."""
    seasons = dict(real.games.group_by("season").len().iter_rows())
    assert seasons == dict.fromkeys(range(2008, 2020), 1230) | {2012: 990, 2013: 1229}
    sides = pl.concat([real.games.select("season", "kickoff", team=f"{side}_team") for side in ("home", "away")])
    assert not sides.is_duplicated().any()
    whole = sides.filter(~pl.col("season").is_in([2012, 2013])).group_by("season", "team").len()
    assert whole["len"].unique().to_list() == [82]


@pytest.mark.real_data
def test_of_the_real_file_the_impossible_quotes_are_refused_and_games_abroad_are_neutral(real, tmp_path):
    counts = Tables(tmp_path / "nba").update(real).counts
    assert [(counts[name].came, counts[name].refused) for name in ("games", "quotes")] == [(14519, 0), (43557, 21)]
    markets = real.refused["reason"].str.split(":").list.first()
    assert dict(markets.value_counts().iter_rows()) == {"moneyline": 12, "ats": 9}
    assert real.games["neutral"].sum() == 9
    assert [warning.partition(" ")[0] for warning in real.warnings] == ["14519", "9"]


@pytest.mark.real_data
def test_the_closing_moneyline_of_the_real_file_is_as_good_as_it_is_elsewhere(real):
    """0.5853 for 2010-11 to 2018-19, measured without this code."""
    quoted = real.quotes.filter(market="moneyline").join(real.games.filter(pl.col("season") >= 2011), on="game_id")
    p = remove_vig(quoted.select("first_price", "second_price").to_numpy())[:, 0]
    won = (quoted["home_score"] > quoted["away_score"]).to_numpy()
    assert -np.log(np.where(won, p, 1 - p)).mean() == pytest.approx(0.5853, abs=0.0002)


@pytest.mark.real_data
def test_the_leagues_numbers_are_those_of_the_seasons_up_to_2015(real):
    lines = real.quotes.filter(pl.col("market") != "moneyline").pivot("market", index="game_id", values="line")
    played = real.games.filter(pl.col("season") <= 2015).join(lines, on="game_id")
    margin = (played["home_score"] - played["away_score"]).cast(pl.Float64)
    total = (played["home_score"] + played["away_score"]).cast(pl.Float64)
    assert (margin - played["ats"]).std() == pytest.approx(LEAGUE.margin_sd, abs=0.1)
    assert (total - played["totals"]).std() == pytest.approx(LEAGUE.total_sd, abs=0.1)
    assert margin.filter(~played["neutral"]).mean() == pytest.approx(LEAGUE.home_edge, abs=0.2)


@pytest.mark.real_data
def test_features_of_the_real_games_are_the_same_without_the_seasons_after_them(real):
    early = real.games.filter(pl.col("season") <= 2009)
    whole = build_events(real.games, real.quotes, LEAGUE)
    part = build_events(early, real.quotes.join(early, on="game_id", how="semi"), LEAGUE)
    for group, frame in part.items():
        then = whole[group].join(early, on="game_id", how="semi", maintain_order="left")
        assert same_bytes(frame, then), group


@pytest.mark.real_data
def test_tired_teams_of_the_real_file_are_those_that_its_days_say(real):
    days = real.games.select(day=pl.col("kickoff").dt.convert_time_zone(LEAGUE.zone).dt.date(), season="season")
    played = {}
    for (day, season), home, away in zip(
        days.iter_rows(), real.games["home_team"], real.games["away_team"], strict=True
    ):
        for team in (home, away):
            played.setdefault((team, season), set()).add(day.toordinal())
    known = [(own, day) for own in played.values() for day in own if day > min(own)]
    second = sum(day - 1 in own for own, day in known)
    third = sum(len(own & {day - 1, day - 2, day - 3}) == 2 for own, day in known)
    told = build_events(real.games, real.quotes, LEAGUE)["schedule"].drop_nulls("back_to_back_sum")
    missed = real.games.height - told.height
    assert abs(told["back_to_back_sum"].sum() - second) <= missed
    assert abs(told["three_in_four_sum"].sum() - third) <= missed
    assert 0.2 < second / len(known) < third / len(known) < 1 / 3
