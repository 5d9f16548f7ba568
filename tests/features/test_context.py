"""What the schedule and the venue say."""

from datetime import timedelta
from typing import Any

import pytest

from busta.features.context import roof_events, schedule_events
from busta.plugins import Place
from support import BOSTON, LONDON, game, games_of, tiny_league

LEAGUE = tiny_league()


def context(*rows: Any, league=LEAGUE):
    """The schedule's features by game, in the order given."""
    told = schedule_events(games_of(*rows), league).rows_by_key("game_id", named=True, unique=True)
    return [told[row["game_id"]] for row in rows]


def sides(row, name):
    """Home's and away's value of a team feature, from its difference and sum."""
    return (row[f"{name}_sum"] + row[f"{name}_diff"]) / 2, (row[f"{name}_sum"] - row[f"{name}_diff"]) / 2


def test_rest_counts_days_since_each_teams_own_last_game():
    told = context(
        game("BOS", "PHX", "2020-09-13T17:00"),
        game("LAX", "NEW", "2020-09-14T00:20"),
        game("BOS", "LAX", "2020-09-18T00:20"),  # a Thursday night: four days after the Sunday
    )
    assert sides(told[2], "rest_days") == (4.0, 4.0)
    assert sides(told[2], "short_week") == (1.0, 1.0)
    assert sides(told[2], "bye") == (0.0, 0.0)


@pytest.mark.parametrize(
    ("day", "rest", "short", "bye"),
    [
        ("18", 5.0, 1.0, 0.0),
        ("19", 6.0, 0.0, 0.0),
        ("25", 12.0, 0.0, 1.0),
        ("27", 14.0, 0.0, 1.0),
        ("30", 14.0, 0.0, 1.0),
    ],
)
def test_a_short_week_is_five_days_and_a_bye_twelve_and_no_rest_is_more_than_fourteen(day, rest, short, bye):
    told = context(
        game("BOS", "NEW", "2020-09-13T17:00"),
        game("LAX", "PHX", f"2020-09-{int(day) - 7:02d}T17:00"),
        game("BOS", "LAX", f"2020-09-{day}T17:00"),
    )[2]
    assert [sides(told, name)[0] for name in ("rest_days", "short_week", "bye")] == [rest, short, bye]
    assert [sides(told, name)[1] for name in ("rest_days", "short_week", "bye")] == [7.0, 0.0, 0.0]


def test_before_its_first_game_of_a_season_a_teams_rest_is_unknown():
    told = context(game("BOS", "LAX", "2020-12-13T17:00"), game("BOS", "LAX", "2021-09-13T17:00"))
    for row in told:
        of_rest = ("rest_days", "bye", "short_week", "back_to_back", "three_in_four")
        assert [row[f"{name}_diff"] for name in of_rest] == [None] * len(of_rest)


@pytest.mark.parametrize(
    ("before", "start", "after"),
    [
        ("2020-12-14T17:00", "2020-12-16T03:30", 1.0),  # a matinee, and the last game of the next night
        ("2020-12-15T03:30", "2020-12-15T17:00", 1.0),  # the last game of a night, and a matinee
        ("2020-12-15T03:30", "2020-12-16T17:00", 0.0),
        ("2020-12-14T00:00", "2020-12-16T00:00", 0.0),
    ],
)
def test_a_team_plays_back_to_back_on_the_day_after_a_game_whatever_the_hour(before, start, after):
    told = context(game("BOS", "NEW", before), game("LAX", "PHX", "2020-12-01T00:00"), game("BOS", "LAX", start))
    assert sides(told[2], "back_to_back") == (after, 0.0)


@pytest.mark.parametrize(
    ("days", "third"),
    [
        ((11, 13, 14), 1.0),
        ((11, 12, 14), 1.0),
        ((12, 13, 14), 1.0),
        ((10, 13, 14), 0.0),
        ((10, 12, 14), 0.0),
        ((13, 14), 0.0),  # there was no game before these two
    ],
)
def test_the_third_game_in_four_days_counts_the_day_of_the_first_to_that_of_the_third(days, third):
    earlier = [game("BOS", "NEW", f"2020-12-{day}T00:00") for day in days[:-1]]
    told = context(*earlier, game("LAX", "PHX", "2020-12-01T00:00"), game("BOS", "LAX", f"2020-12-{days[-1]}T00:00"))
    assert sides(told[-1], "three_in_four") == (third, 0.0)


def test_rest_comes_from_the_schedule_whether_or_not_the_game_before_was_played():
    rows = game("BOS", "LAX", "2020-09-13T17:00"), game("BOS", "LAX", "2020-09-20T17:00")
    played = game("BOS", "LAX", "2020-09-13T17:00", (1, 0)), rows[1]
    assert context(*rows) == context(*played)


def test_travel_is_the_way_between_the_airports_of_boston_and_los_angeles():
    told = context(game("BOS", "LAX", "2020-09-13T17:00"))[0]
    home, away = sides(told, "travel_km")
    assert home == pytest.approx(0, abs=1e-12)
    assert away == pytest.approx(4.19, rel=0.005)  # thousands: 2,605 statute miles on a great circle


def test_travel_has_its_own_home_in_every_season():
    moved = tiny_league(moves={("LAX", 2000, 2015): BOSTON})
    before, after = context(
        game("BOS", "LAX", "2015-09-13T17:00"), game("BOS", "LAX", "2016-09-13T17:00"), league=moved
    )
    assert sides(before, "travel_km")[1] == pytest.approx(0, abs=1e-12)
    assert sides(after, "travel_km")[1] > 4


@pytest.mark.parametrize(
    ("home", "away", "kickoff", "hours"),
    [
        ("BOS", "LAX", "2020-09-13T17:00", 3),  # eastward
        ("LAX", "BOS", "2020-09-13T17:00", -3),
        ("PHX", "LAX", "2020-09-13T17:00", 0),  # Arizona knows no summer time
        ("PHX", "LAX", "2020-12-13T17:00", 1),
    ],
)
def test_zones_count_the_hours_that_the_clocks_differ_on_the_day(home, away, kickoff, hours):
    assert sides(context(game(home, away, kickoff))[0], "zones_east") == (0, hours)


def test_to_a_neutral_venue_both_teams_travel():
    told = context(game("BOS", "LAX", "2020-09-13T17:00", neutral=True, venue="wembley"))[0]
    home, away = sides(told, "travel_km")
    assert home == pytest.approx(5.24, rel=0.01)
    assert away == pytest.approx(8.76, rel=0.01)
    assert sides(told, "zones_east") == (5, 8)
    assert told["neutral"] == 1


def test_a_climb_is_from_the_teams_home_to_the_venue():
    denver, mexico = Place(39.75, -105.01, "America/Denver", 1.59), Place(19.40, -99.10, "America/Mexico_City", 2.24)
    high = tiny_league(places={"BOS": BOSTON, "LAX": denver, "mexico": mexico})
    away, home, abroad = context(
        game("BOS", "LAX", "2020-09-13T17:00"),
        game("LAX", "BOS", "2020-09-20T17:00"),
        game("LAX", "BOS", "2020-09-27T17:00", neutral=True, venue="mexico"),
        league=high,
    )
    assert sides(away, "climb_km") == pytest.approx((0, -1.59))
    assert sides(home, "climb_km") == pytest.approx((0, 1.59))
    assert sides(abroad, "climb_km") == pytest.approx((0.65, 2.24))


def test_an_unknown_neutral_venue_leaves_the_journey_unknown():
    told = context(game("BOS", "LAX", "2020-09-13T17:00", neutral=True, venue="the moon"))[0]
    names = ("travel_km", "zones_east", "climb_km")
    assert [told[f"{name}_{kind}"] for name in names for kind in ("diff", "sum")] == [None] * 6


def test_a_team_without_a_known_home_leaves_the_journey_unknown():
    homeless = tiny_league(places={"BOS": BOSTON})
    told = context(game("BOS", "LAX", "2020-09-13T17:00"), league=homeless)[0]
    assert told["travel_km_diff"] is None
    assert told["zones_east_sum"] is None


def test_the_schedule_is_known_eight_days_before_the_start():
    row = game("BOS", "LAX", "2020-09-13T17:00")
    assert context(row)[0]["known_at"] == row["kickoff"] - timedelta(days=8)


def test_flags_of_the_schedule_say_what_the_table_says():
    told = context(
        game("BOS", "NEW", "2020-09-13T17:00", division=True, surface="fieldturf", week=7),
        game("BOS", "NEW", "2021-01-13T17:00", division=None, surface=None, phase="post", week=19),
        game("BOS", "NEW", "2021-09-13T17:00", surface="dessograss"),
    )
    names = ("division", "artificial", "week", "postseason", "neutral")
    assert [tuple(row[name] for name in names) for row in told] == [
        (1, 1, 7, 0, 0),
        (None, None, 19, 1, 0),
        (0, 0, 1, 0, 0),
    ]


@pytest.mark.parametrize(
    ("roof", "indoors", "lead"),
    [
        ("dome", 1.0, timedelta(days=8)),
        ("outdoors", 0.0, timedelta(days=8)),
        ("closed", 1.0, timedelta(minutes=90)),
        ("open", 0.0, timedelta(minutes=90)),
    ],
)
def test_a_retractable_roof_is_known_ninety_minutes_before_the_start(roof, indoors, lead):
    row = game("BOS", "LAX", "2020-09-13T17:00", roof=roof)
    assert roof_events(games_of(row)).rows() == [(row["game_id"], row["kickoff"] - lead, indoors)]


def test_an_unknown_roof_has_no_event():
    assert roof_events(games_of(game("BOS", "LAX", "2020-09-13T17:00", roof=None))).is_empty()


def test_summer_time_begins_at_the_venue_and_not_at_home():
    """On 25 October 2020 London had set its clocks back already, Boston not: four hours and not five."""
    league = tiny_league(places={"BOS": BOSTON, "LAX": Place(51.47, -0.45, LONDON.zone)})
    assert sides(context(game("LAX", "BOS", "2020-10-25T13:30"), league=league)[0], "zones_east") == (0, 4)


@pytest.mark.parametrize(
    ("kickoff", "home", "away"),
    [
        ("2020-09-13T17:00", 5.0, 8.0),  # one o'clock in Boston, ten in the morning at home in Los Angeles
        ("2020-09-14T01:00", 3.0, 0.0),  # nine at night in Boston: the visitors' best hour
        ("2020-09-14T07:00", 9.0, 6.0),  # past midnight hours count the short way round the clock
    ],
)
def test_a_body_clock_is_how_far_the_start_is_from_six_in_the_evening_at_home(kickoff, home, away):
    assert sides(context(game("BOS", "LAX", kickoff))[0], "body_clock") == (home, away)


def test_an_assumed_start_says_nothing_of_the_body_clock():
    assert context(game("BOS", "LAX", "2020-09-13T17:00", kickoff_assumed=True))[0]["body_clock_sum"] is None


def test_a_rematch_is_the_second_game_of_the_two_in_a_season_wherever_it_is_played():
    told = context(
        game("BOS", "LAX", "2020-09-13T17:00"),
        game("BOS", "PHX", "2020-09-20T17:00"),
        game("LAX", "BOS", "2020-12-13T17:00"),
        game("BOS", "LAX", "2021-09-13T17:00"),
    )
    assert [row["rematch"] for row in told] == [0, 0, 1, 0]
