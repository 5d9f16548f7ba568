"""Games of any sport, as a map says they are to be read."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import polars as pl
import pytest

from busta.data.mapping import Format, Map, OwnLeague
from busta.data.own_games import own_source
from busta.data.schema import GAMES, QUOTES
from busta.errors import DataError, UsageError
from support import tiny_league

OTHERWISE = {"date": "%d.%m.%y", "time": "%I.%M %p"}
NOW = datetime(2024, 7, 1, tzinfo=UTC)
LEAGUE = tiny_league(teams=("Kiel", "Berlin"), aliases={"thw kiel": "Kiel"})
GAME = {"date": "2023-09-07", "home_team": "Kiel", "away_team": "Berlin", "home_score": "31", "away_score": "28"}
PRICES = {
    "home_moneyline": "1.5", "away_moneyline": "2.6", "spread": "-3.5", "home_spread_price": "1.91",
    "away_spread_price": "1.91", "total": "58.5", "over_price": "1.85", "under_price": "1.95",
}  # fmt: skip


def read(*rows, league=None, teams=None, raw=None, **form):
    """What a source with that format finds in a file of those rows."""
    source = own_source(Map(league=OwnLeague(**(league or {})), format=Format(**form), teams=teams or {}))
    content = pl.DataFrame(list(rows), infer_schema_length=None).write_csv().encode() if raw is None else raw
    return source.parse(content, LEAGUE, columns={}, now=NOW)


def one(*rows, **how):
    """The one game of a file."""
    return read(*rows, **how).games.row(0, named=True)


def spread_of(*rows, **how):
    """The spread of the one game of a file."""
    return read(*rows, **how).quotes.filter(market="ats")["line"].item()


def test_a_row_is_a_game_with_its_closing_quotes():
    batch = read(GAME | PRICES, spread="book", odds="decimal")
    assert dict(batch.games.schema) == GAMES
    assert dict(batch.quotes.schema) == QUOTES
    assert batch.refused.is_empty()
    found = batch.games.row(0, named=True)
    assert (found["game_id"], found["home_score"], found["away_score"]) == ("2023-09-07_Berlin_Kiel", 31, 28)
    assert batch.quotes.select("market", "book", "moment", "line", "first_price", "second_price").rows() == [
        ("moneyline", "own", "close", 0.0, 1.5, 2.6),
        ("ats", "own", "close", 3.5, 1.91, 1.91),
        ("totals", "own", "close", 58.5, 1.85, 1.95),
    ]
    assert batch.quotes["known_at_assumed"].all()


def test_the_sign_of_spreads_has_to_be_said():
    lines = {
        form: read(GAME | PRICES, spread=form).quotes.filter(market="ats")["line"].item() for form in ("home", "book")
    }
    assert lines == {"home": -3.5, "book": 3.5}
    with pytest.raises(UsageError, match=r"say under \[format\] whether spread"):
        read(GAME | PRICES)
    assert str(spread_of(GAME | PRICES | {"spread": "0"}, spread="book")) == "0.0"


@pytest.mark.parametrize(
    ("odds", "typed", "price"),
    [
        ("any", "-150", 1 + 100 / 150), ("any", "2.5", 2.5), ("any", "3/2", 2.5), ("decimal", "150", 150.0),
        ("decimal", "2.5", 2.5), ("american", "150", 2.5), ("american", "+150", 2.5), ("american", "-200", 1.5),
        ("fractional", "3/2", 2.5), ("fractional", "evens", 2.0),
    ],
)  # fmt: skip
def test_prices_are_read_in_the_form_that_is_said(odds, typed, price):
    quotes = read(GAME | {"home_moneyline": typed, "away_moneyline": None}, odds=odds).quotes
    assert quotes["first_price"].item() == pytest.approx(price)


@pytest.mark.parametrize(
    ("odds", "typed"),
    [
        ("decimal", "-150"),
        ("decimal", "3/2"),
        ("american", "1.91"),
        ("american", "3/2"),
        ("fractional", "1.5"),
        ("any", "x"),
    ],
)
def test_a_price_of_another_form_is_refused_alone(odds, typed):
    batch = read(GAME | {"home_moneyline": typed, "away_moneyline": None}, odds=odds)
    assert batch.games.height == 1
    (reason,) = batch.refused["reason"].to_list()
    form = {"any": "", "american": "American "}.get(odds, f"{odds} ")
    assert reason.startswith(f"moneyline: column home_moneyline: '{typed}' is no {form}price such as ")


@pytest.mark.parametrize(
    ("when", "form", "zone", "start", "assumed"),
    [
        ({"date": "2023-09-07"}, {}, "Europe/Berlin", "2023-09-07T10:00", True),
        ({"date": "2023-09-07", "time": "19:30"}, {}, "Europe/Berlin", "2023-09-07T17:30", False),
        ({"date": "07.09.23", "time": "7.30 pm"}, OTHERWISE, "UTC", "2023-09-07T19:30", False),
        ({"date": "09/07/23"}, {"date": "%m/%d/%y"}, "UTC", "2023-09-07T12:00", True),
        ({"kickoff": "2023-09-07T19:30:00Z"}, {}, "Europe/Berlin", "2023-09-07T19:30", False),
        ({"kickoff": "2023-09-07T19:30:00+02:00"}, {}, "UTC", "2023-09-07T17:30", False),
        ({"kickoff": "2023-09-07 19:30:00"}, {}, "Europe/Berlin", "2023-09-07T17:30", False),
        ({"kickoff": "2023-09-07T19:30"}, {}, "Europe/Berlin", "2023-09-07T17:30", False),
        ({"kickoff": "07.09.2023 19:30"}, {"kickoff": "%d.%m.%Y %H:%M"}, "Europe/Berlin", "2023-09-07T17:30", False),
        ({"kickoff": "07.09.2023 19:30 +0200"}, {"kickoff": "%d.%m.%Y %H:%M %z"}, "UTC", "2023-09-07T17:30", False),
    ],
)  # fmt: skip
def test_starts_are_read_in_the_form_and_zone_that_is_said(when, form, zone, start, assumed):
    bare = {name: value for name, value in GAME.items() if name != "date"}
    found = one(bare | when, league={"zone": zone}, **form)
    assert found["kickoff"] == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert found["kickoff_assumed"] == assumed


def test_the_day_of_an_id_is_the_zones():
    late = {"date": "2023-09-07", "time": "22:00"}
    assert one(GAME | late, league={"zone": "America/New_York"})["game_id"].startswith("2023-09-07_")


@pytest.mark.parametrize(
    ("given", "starts", "season", "week"),
    [("2023-07-01", 7, 2023, 1), ("2024-06-30", 7, 2023, 53), ("2023-09-07", 7, 2023, 10), ("2023-09-07", 1, 2023, 36)],
)
def test_season_and_week_are_counted_from_the_month_a_season_starts_in(given, starts, season, week):
    found = one(GAME | {"date": given}, league={"season_starts": starts})
    assert (found["season"], found["week"]) == (season, week)


def test_what_the_file_says_of_a_game_stands():
    more = {
        "game_id": "g1",
        "season": "2022",
        "week": "7",
        "phase": "Post",
        "neutral": "yes",
        "venue": "Arena",
        "book": "b",
    }
    batch = read(GAME | more | {"home_moneyline": "1.5", "away_moneyline": "2.6"})
    found = batch.games.row(0, named=True)
    assert (found["game_id"], found["season"], found["week"], found["phase"]) == ("g1", 2022, 7, "post")
    assert (found["neutral"], found["venue"], batch.quotes["book"].item()) == (True, "Arena", "b")


def test_a_game_to_come_has_no_score():
    found = one(GAME | {"date": "2024-09-07", "home_score": None, "away_score": None})
    assert (found["home_score"], found["season"]) == (None, 2024)


def test_teams_are_those_there_are_those_of_the_map_or_new_ones():
    named = {"SG Flensburg": "Flensburg"}
    rows = [GAME | {"home_team": "THW Kiel", "away_team": "SG Flensburg"}, GAME | {"home_team": "Rhein Neckar"}]
    games = read(*rows, teams=named).games
    assert games.select("home_team", "away_team").rows() == [("Kiel", "Flensburg"), ("Rhein Neckar", "Berlin")]
    assert games["game_id"][1] == "2023-09-07_Berlin_Rhein-Neckar"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"date": "7 Sept"}, "'7 Sept' is no start by the format %Y-%m-%d %H:%M"),
        ({"date": None}, "'' is no start by the format"),
        ({"home_team": "x" * 61}, "column home_team: this can be no team's name"),
        ({"away_team": "Kiel"}, "a team plays itself"),
        ({"away_team": None}, "away_team is missing"),
        ({"home_score": "many"}, "column home_score: 'many' is not a number"),
        ({"away_score": None}, "only one of the two scores is there"),
        ({"date": "2024-09-07"}, "it has a score and starts in the future"),
        ({"neutral": "perhaps"}, "column neutral: 'perhaps' is neither yes nor no"),
        ({"phase": "friendly"}, "phase friendly is none of regular, post"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_and_the_others_are_taken(changes, reason):
    fine = GAME | {"date": "2023-09-08", "neutral": "no", "phase": "regular"}
    batch = read(GAME | {"neutral": None, "phase": None} | changes, fine)
    assert batch.games.height == 1
    assert reason in batch.refused["reason"].item()
    assert batch.refused["row"].item() == 2


@pytest.mark.parametrize(
    ("form", "reason"),
    [({"date": "%H"}, "'%H' is no format of a day or a time"), ({"kickoff": "%H"}, "'%H' is no format")],
)
def test_a_format_that_is_none_is_refused(form, reason):
    with pytest.raises(UsageError, match=reason):
        read(GAME, **form)


def test_a_file_without_a_day_or_a_needed_column_is_refused():
    with pytest.raises(UsageError, match="the file says not when a game starts"):
        read({name: value for name, value in GAME.items() if name != "date"})
    with pytest.raises(DataError, match="not games as the map describes them: column missing: away_score"):
        read({name: value for name, value in GAME.items() if name != "away_score"})


HOME = {
    "date": "2023-09-07", "team": "Kiel", "opponent": "Berlin", "side": "home", "score": "31", "moneyline": "1.5",
    "spread": "-3.5", "spread_price": "1.9", "total": "58.5", "over_price": "1.85", "under_price": "1.95",
}  # fmt: skip
AWAY = HOME | {
    "team": "Berlin", "opponent": "THW Kiel", "side": "away", "score": "28", "moneyline": "2.6", "spread": "3.5",
    "spread_price": "1.95",
}  # fmt: skip
BOOK = {"rows": "team", "spread": "book"}


@pytest.mark.parametrize("rows", [(HOME, AWAY), (AWAY, HOME)], ids=["home first", "away first"])
def test_two_rows_are_one_game(rows):
    batch = read(*rows, **BOOK)
    found = batch.games.row(0, named=True)
    assert (batch.games.height, batch.refused.height) == (1, 0)
    assert (found["home_team"], found["home_score"], found["away_score"]) == ("Kiel", 31, 28)
    assert batch.quotes.select("market", "line", "first_price", "second_price").rows() == [
        ("moneyline", 0.0, 1.5, 2.6),
        ("ats", 3.5, 1.9, 1.95),
        ("totals", 58.5, 1.85, 1.95),
    ]


def test_rows_of_teams_may_say_the_same_spread_from_the_home_side():
    assert spread_of(HOME | {"spread": "3.5"}, AWAY, rows="team", spread="home") == 3.5


def test_what_stands_for_home_and_away_can_be_said():
    assert read(HOME | {"side": "vs"}, AWAY | {"side": "@"}, home="vs", away="@", **BOOK).games.height == 1


def test_two_rows_without_a_score_are_a_game_to_come():
    coming = {"date": "2024-09-07", "score": None}
    assert one(HOME | coming, AWAY | coming, **BOOK)["home_score"] is None


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((HOME,), "the row of the other team is missing"),
        ((AWAY,), "the row of the other team is missing"),
        ((HOME, AWAY | {"spread": "4.5"}), "its two rows have different spreads"),
        ((HOME, AWAY | {"total": "60"}), "its two rows have different totals"),
        ((HOME | {"side": "N"}, AWAY), "column side: 'N' is neither home nor away"),
        ((HOME | {"side": None}, AWAY), "column side is empty"),
        ((HOME, HOME, AWAY), "the row of this team stands more than once"),
    ],
)
def test_rows_of_teams_that_do_not_fit_together_are_refused(rows, reason):
    batch = read(*rows, **BOOK)
    assert batch.games.is_empty()
    assert batch.quotes.is_empty()
    assert any(reason in said for said in batch.refused["reason"])


def parquet(frame):
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def test_a_parquet_file_is_read_with_its_own_types():
    frame = pl.DataFrame(
        {
            "date": [date(2023, 9, 7)], "time": ["19:30"], "home_team": ["Kiel"], "away_team": ["Berlin"],
            "home_score": [31.0], "away_score": [28], "neutral": [True], "more": [[1, 2]],
        }
    )  # fmt: skip
    found = one(raw=parquet(frame))
    assert (found["kickoff"], found["neutral"]) == (datetime(2023, 9, 7, 19, 30, tzinfo=UTC), True)
    midnight = frame.with_columns(pl.col("date").cast(pl.Datetime("ns")))
    assert one(raw=parquet(midnight))["kickoff"] == found["kickoff"]
    start = datetime(2023, 9, 7, 19, 30)  # noqa: DTZ001 - as a file has it
    full = frame.drop("date", "time").with_columns(pl.lit(start).alias("kickoff"))
    zoned = full.with_columns(pl.col("kickoff").dt.replace_time_zone("Europe/Berlin"))
    assert one(raw=parquet(full))["kickoff"] == found["kickoff"]
    assert one(raw=parquet(zoned))["kickoff"] == datetime(2023, 9, 7, 17, 30, tzinfo=UTC)


def test_half_a_parquet_file_is_refused():
    whole = parquet(pl.DataFrame([GAME]))
    with pytest.raises(DataError, match="a Parquet file that cannot be read"):
        read(raw=whole[:-20])
