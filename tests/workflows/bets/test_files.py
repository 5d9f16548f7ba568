from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

import busta
from busta.data.tables import Tables
from busta.errors import DataError, UsageError
from busta.workflows.bets.files import EXPORTED
from busta.workflows.bets.slip import Board

MAP = """
[columns]
key = "Bet"
placed_at = "Placed"
home_team = "Home"
away_team = "Away"
date = "Day"
market = "Type"
pick = "Selection"
line = "Handicap"
price = "Odds"
stake = "Stake"
[values.market]
"Spread" = "ats"
"Money Line" = "moneyline"
"Over/Under" = "totals"
[defaults]
book = "bet365"
paper = false
league = "sim"
[formats]
date = "%d/%m/%Y"
placed_at = "%d/%m/%Y %H:%M"
zone = "America/New_York"
"""
HEADER = "Bet,Placed,Day,Home,Away,Type,Selection,Handicap,Odds,Stake,Result"


@pytest.fixture
def settings(tmp_path, world):
    found = busta.load(home=tmp_path)
    Tables(found.tables / "sim").update(world)
    return found


@pytest.fixture
def games(settings):
    """The last games that were played, the newest first."""
    played = Board(settings, "sim").games.filter(pl.col("home_score").is_not_null()).sort("kickoff", descending=True)
    return played.rows(named=True)


def line(game, number, market, selection, handicap="", odds="-110", stake="5"):
    placed = (game["kickoff"] - timedelta(days=1)).strftime("%d/%m/%Y %H:%M")
    day = (game["kickoff"] - timedelta(hours=5)).strftime("%d/%m/%Y")
    teams = f"{game['home_team']},{game['away_team']}"
    return f"{number},{placed},{day},{teams},{market},{selection},{handicap},{odds},{stake},whatever"


@pytest.fixture
def book(settings, tmp_path):
    """Imports lines of a book's file."""
    (tmp_path / "map.toml").write_text(MAP)

    def taken(*lines, header=HEADER):
        (tmp_path / "book.csv").write_text("\n".join((header, *lines)) + "\n")
        return busta.import_bets(settings, tmp_path / "book.csv", str(tmp_path / "map.toml"))

    return taken


def test_a_books_file_is_read_by_its_mapping_once(settings, book, games):
    one, two = games[:2]
    lines = (
        line(one, 7, "Spread", one["away_team"], "+3.5"),
        line(one, 8, "Over/Under", "Over", "44.5", odds="1.95"),
        line(two, 9, "Money Line", two["home_team"], odds="6/4", stake="10.50"),
    )
    first, again = book(*lines), book(*lines)

    assert (first["came"], first["recorded"], first["known"], first["refused"]) == (3, 3, 0, 0)
    assert (again["recorded"], again["known"], again["head"]) == (0, 3, first["head"])
    rows = {row["key"]: row for row in busta.show_bets(settings)["bets"]}
    assert [(row["side"], row["line"]) for row in rows.values()] == [("away", 3.5), ("over", 44.5), ("home", None)]
    assert (rows["9"]["price"], rows["9"]["stake"], rows["9"]["book"]) == (2.5, 10.5, "bet365")
    assert {(row["source"], row["paper"], row["late"]) for row in rows.values()} == {("import", False, True)}
    placed = (one["kickoff"] - timedelta(days=1)).replace(second=0)
    assert rows["7"]["placed_at"] == (placed + timedelta(hours=5)).isoformat()  # New York's winter


def test_rows_that_cannot_be_right_are_refused_with_a_reason_and_kept(book, games, tmp_path):
    game = games[0]
    found = book(
        line(game, 1, "Over/Under", "Over", "44.5"),
        line(game, 2, "Over/Under", "Over", "44.25"),
        line(game, 3, "Parlay", "Over", "44.5"),
        line(game, 4, "Spread", "Nobody", "+3.5"),
        line(game, 5, "Money Line", game["home_team"], odds="0.5"),
        line(game, 6, "Money Line", game["home_team"], stake=""),
        line(game, 1, "Over/Under", "Over", "44.5"),
        "8,2014-12-01,1/1/2014,x",
        line(game, 9, "Money Line", game["home_team"]).replace("/20", "-20", 1),
    )
    reasons = {row["row"]: row["reason"] for row in found["reasons"]}

    assert (found["came"], found["recorded"], found["refused"]) == (9, 1, 8)
    for row, words in {
        3: "two bets in one",
        4: "unknown market 'Parlay'",
        5: "unknown sim team 'Nobody'",
        6: "price '0.5'",
        7: "stake is empty",
        8: "the same bet stands in an earlier row",
        9: "4 fields where the header has 11",
        10: "is not written as %d/%m/%Y",
    }.items():
        assert words in reasons[row]
    kept = pl.read_csv(found["refused_file"])
    assert kept["row"].to_list() == list(reasons)


def test_a_file_of_which_every_row_is_refused_is_refused(book, games, settings):
    with pytest.raises(DataError, match=r"all 1 rows were refused; the first, line 2: stake is empty"):
        book(line(games[0], 6, "Money Line", games[0]["home_team"], stake=""))

    assert busta.show_bets(settings)["entries"] == 0


def test_a_file_without_a_column_that_is_mapped_names_those_it_has(book):
    with pytest.raises(DataError, match=r"has no column 'Bet', 'Placed', .* it has: A, B"):
        book("1,2", header="A,B")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('key = "Bet"', 'nonsense = "Bet"'), "columns.nonsense: input should be 'key'"),
        (('zone = "America/New_York"', 'zone = "Mars"'), "formats.zone 'Mars' is no time zone"),
        (('stake = "Stake"', ""), "does not say where stake comes from"),
        (('home_team = "Home"', ""), r"does not say where game \(or home_team and away_team\) comes from"),
        (("[columns]", "[columns"), "not valid TOML"),
    ],
)
def test_a_mapping_that_cannot_be_right_is_refused(settings, tmp_path, change, words):
    (tmp_path / "map.toml").write_text(MAP.replace(*change))
    (tmp_path / "book.csv").write_text(HEADER)
    with pytest.raises(UsageError, match=words):
        busta.import_bets(settings, tmp_path / "book.csv", tmp_path / "map.toml")


def test_files_that_are_not_there_are_named(settings, tmp_path):
    (tmp_path / "map.toml").write_text(MAP)
    with pytest.raises(UsageError, match=r"no file .*nosuch\.csv"):
        busta.import_bets(settings, tmp_path / "nosuch.csv", tmp_path / "map.toml")
    with pytest.raises(UsageError, match=r"cannot read .*nosuch\.toml"):
        busta.import_bets(settings, tmp_path / "nosuch.csv", tmp_path / "nosuch.toml")


def test_paper_is_said_with_true_or_false(settings, tmp_path, games):
    (tmp_path / "map.toml").write_text(MAP.replace("paper = false", 'paper = "perhaps"'))
    (tmp_path / "book.csv").write_text("\n".join((HEADER, line(games[0], 1, "Money Line", games[0]["home_team"]))))
    with pytest.raises(DataError, match="paper is 'perhaps'; needed is true or false"):
        busta.import_bets(settings, tmp_path / "book.csv", tmp_path / "map.toml")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_is_exported_is_what_is_shown(settings, book, games, tmp_path, suffix):
    book(line(games[0], 7, "Spread", games[0]["away_team"], "+3.5"), line(games[0], 8, "Over/Under", "Over", "44.5"))
    busta.settle_bets(settings)
    file = tmp_path / f"bets.{suffix}"
    found = busta.export_bets(settings, file)
    frame = pl.read_parquet(file) if suffix == "parquet" else pl.read_csv(file, try_parse_dates=True)
    shown = busta.show_bets(settings)["bets"]

    assert found["bets"] == frame.height == 2
    assert frame.columns == list(EXPORTED)
    assert frame["profit"].to_list() == [row["profit"] for row in shown]
    assert frame["clv"].to_list() == pytest.approx([row["clv"] for row in shown])
    assert [str(each) for each in frame["kickoff"]] == [str(games[0]["kickoff"])] * 2


def test_what_is_exported_can_be_imported_again_as_the_same_bets(settings, book, games, tmp_path):
    for number, (side, points) in enumerate((("home", "-3.5"), ("home", "+2"), ("away", "+3.5"), ("away", "-1"))):
        book(line(games[number], number, "Spread", games[number][f"{side}_team"], points))
    busta.export_bets(settings, tmp_path / "bets.csv")
    names = {"game": "game_id"}
    fields = ("key", "game", "market", "pick", "price", "stake", "book", "placed_at", "paper", "league")
    columns = "".join(f'{field} = "{names.get(field, field)}"\n' for field in fields)
    (tmp_path / "own.toml").write_text("[columns]\n" + columns)
    found = busta.import_bets(settings, tmp_path / "bets.csv", tmp_path / "own.toml")

    assert (found["recorded"], found["known"], found["refused"]) == (0, 4, 0)


def test_a_ledger_without_bets_is_exported_as_a_header_alone(settings, tmp_path):
    busta.export_bets(settings, str(tmp_path / "bets.csv"))
    assert (tmp_path / "bets.csv").read_text() == ",".join(EXPORTED) + "\n"
    with pytest.raises(UsageError, match=r"allowed are a \.csv and a \.parquet file"):
        busta.export_bets(settings, tmp_path / "bets.xlsx")
