"""Who starts: ratings of starters, by hand."""

import polars as pl
import pytest

from busta.data.schema import EPA, FACTS, LINEUP_LEAD, STARTER
from busta.features.form import team_states
from busta.features.lineup import LINEUP, lineup_events
from support import game, games_of, quote, quotes_of, tiny_league

LEAGUE = tiny_league()

FIRST, SECOND, THIRD = "2020-09-13T17:00", "2020-09-20T17:00", "2020-09-27T17:00"


def facts(*rows):
    """Rows of game, starter and EPA of home and away team."""
    told = []
    for played, *sides in rows:
        for team, (starter, epa) in zip((played["home_team"], played["away_team"]), sides, strict=True):
            told.append((played["game_id"], team, STARTER, None, starter))
            told.append((played["game_id"], team, EPA, epa, None))
    frame = pl.DataFrame(told, schema=FACTS, orient="row")
    return frame.filter(pl.col("value").is_not_null() | pl.col("label").is_not_null())


def events_of(games, told, quotes=None):
    quotes = quotes_of() if quotes is None else quotes
    return lineup_events(games, told, team_states(games, quotes, told, LEAGUE))


def values(events, played, *names):
    (row,) = events.filter(pl.col("game_id") == played["game_id"]).rows(named=True)
    return [row[name] for name in names or OF_EPA]


OF_EPA = [f.name for f in LINEUP if "rating" in f.name or "starter_change" in f.name]


def test_a_rating_is_the_mean_of_his_starts_shrunk_to_a_newcomers():
    one, two, three = (game("BOS", "LAX", when, (20, 10)) for when in (FIRST, SECOND, THIRD))
    told = facts(
        (one, ("ann", 11.0), ("bob", -3.0)),
        (two, ("ann", 4.0), ("cid", 5.0)),
        (three, ("dot", None), ("bob", None)),
    )
    events = events_of(games_of(one, two, three), told)
    assert values(events, one) == [0, 0, -6, 0]  # newcomers, who are what their teams have
    ann, cid = (-18 + 11) / 7, -3.0
    usual_bos = -3.0  # the rating ann had when she first started
    assert values(events, two) == pytest.approx([ann - cid, ann - usual_bos, ann + cid, ann - usual_bos])
    bob, dot = -3.0, -3.0
    usual_bos += 0.25 * (ann - usual_bos)
    # lax: bob's first rating, then cid's, both a newcomer's
    assert values(events, three) == pytest.approx([dot - bob, dot - usual_bos, dot + bob, dot - usual_bos])


def test_they_are_known_ninety_minutes_before_the_start_and_not_where_nobody_is_named():
    one, two = game("BOS", "LAX", FIRST), game("BOS", "LAX", SECOND)
    events = events_of(games_of(one, two), facts((one, ("ann", 1.0), ("bob", 1.0)), (two, (None, 1), (None, 1))))
    assert events["game_id"].to_list() == [one["game_id"]]
    assert events["known_at"].to_list() == [one["kickoff"] - LINEUP_LEAD]


def test_of_one_starter_alone_nothing_is_said():
    one = game("BOS", "LAX", FIRST)
    events = events_of(games_of(one), facts((one, ("ann", 1.0), (None, 1.0))))
    assert values(events, one) == [None] * 4


def test_a_game_that_is_not_final_yet_teaches_nothing():
    early, late = game("BOS", "LAX", FIRST, (20, 10)), game("PHX", "NEW", "2020-09-13T20:00")
    told = facts((early, ("ann", 30.0), ("bob", -30.0)), (late, ("ann", None), ("bob", None)))
    assert values(events_of(games_of(early, late), told), late)[0] == 0
    after = game("PHX", "NEW", "2020-09-13T22:31")
    told = facts((early, ("ann", 30.0), ("bob", -30.0)), (after, ("ann", None), ("bob", None)))
    assert values(events_of(games_of(early, after), told), after)[0] == pytest.approx((12 - -48) / 7)


def test_without_facts_there_are_no_rows_and_all_columns():
    events = events_of(games_of(game("BOS", "LAX", FIRST)), pl.DataFrame(schema=FACTS))
    assert events.is_empty()
    assert events.columns == ["game_id", "known_at", *(f.name for f in LINEUP)]


def test_a_starters_part_of_the_power_rating_goes_with_him_to_another_team():
    one, two = game("BOS", "LAX", FIRST, (20, 10)), game("PHX", "BOS", SECOND, (20, 10))
    three = game("PHX", "LAX", THIRD)
    told = facts(
        (one, ("ann", None), ("bob", None)), (two, ("cid", None), ("dot", None)), (three, ("ann", None), ("bob", None))
    )
    games, quotes = games_of(one, two, three), quotes_of(quote(one, "ats", 12.2), quote(two, "ats", 2.2))
    parts = team_states(games, quotes, told, LEAGUE).starts.rows_by_key("starter", named=True, unique=True)
    assert parts["ann"]["part"] == pytest.approx((0.45 * 10 + 0.08 * (10 - 12.2)) / 2)
    change = parts["ann"]["part"] - parts["cid"]["part"]  # of Phoenix's; Los Angeles has bob as before
    assert values(events_of(games, told, quotes), three, "starter_power_change_diff") == [pytest.approx(change)]
