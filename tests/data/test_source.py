from __future__ import annotations

from dataclasses import replace

import polars as pl

from busta.data.nflverse import NflverseGames
from busta.data.schema import FACTS
from busta.data.source import RawFile, concatenate, listed

GAME = "2023_01_KC_BUF"
TOLD = (("a.csv", 3.5, "A"), ("b.csv", 3.5, "A"), ("c.csv", 4.0, "B"))


def facts(_name, epa, starter):
    rows = [(GAME, "BUF", "epa", epa, None), (GAME, "KC", "starter", None, starter)]
    return pl.DataFrame(rows, schema=FACTS, orient="row")


def files(name, *_said):
    return (RawFile(name, "0", name),)


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


def test_a_fact_that_a_later_file_contradicts_is_refused_and_the_later_one_taken(sheet):
    games = sheet.parse()
    first, again, later = (replace(games, facts=facts(*each), files=files(*each)) for each in TOLD)
    batch = concatenate([first, again, later])
    assert batch.facts.sort("team").rows() == [(GAME, "BUF", "epa", 4.0, None), (GAME, "KC", "starter", None, "B")]
    assert batch.refused.filter(table="facts").rows() == [
        ("facts", None, GAME, "epa: 3.5 of BUF in an earlier file; c.csv says 4.0, which is taken"),
        ("facts", None, GAME, "starter: A of KC in an earlier file; c.csv says B, which is taken"),
    ]


def test_what_is_stored_gives_way_to_a_file_and_is_counted_as_refused(sheet):
    stored, file = (replace(sheet.parse(), facts=facts(*each)) for each in TOLD[1:])
    batch = concatenate([stored, file])
    assert batch.facts.filter(fact="epa")["value"].to_list() == [4.0]
    assert "a later file says 4.0" in batch.refused["reason"][0]


def test_a_long_list_is_its_first_five_and_a_count():
    assert listed(list("abcde")) == "a, b, c, d, e"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"
