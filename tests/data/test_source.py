from __future__ import annotations

from busta.data.nflverse import NflverseGames
from busta.data.source import concatenate, listed


def test_one_batch_is_itself(sheet):
    batch = sheet.parse()
    assert concatenate([batch]) is batch


def test_files_that_contradict_each_other_on_a_game_are_a_warning(sheet):
    first = sheet.parse()
    sheet.rows[0]["home_score"] = "30"
    sheet.rows[2]["spread_line"] = "4"
    assert concatenate([first, sheet.parse()]).warnings == (
        "the files contradict each other on 2 games, the later one is taken: 2023_01_KC_BUF, 2023_02_BUF_LV",
    )


def test_a_file_that_says_less_or_more_contradicts_nothing(sheet):
    sheet.rows[0] |= {"gametime": "20:20", "location": "Neutral"}
    less = sheet.without(*NflverseGames.optional)
    full = sheet.parse()
    for first, second in ((sheet, less), (less, sheet)):
        batch = concatenate([first.parse(), second.parse()])
        assert batch.warnings == ()
        columns = ("kickoff", "kickoff_assumed", "neutral")
        assert batch.games.select(columns).equals(full.games.select(columns))


def test_a_long_list_is_its_first_five_and_a_count():
    assert listed(list("abcde")) == "a, b, c, d, e"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"
