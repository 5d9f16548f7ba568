"""The events of a store: which feature takes which value when."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from busta.data.schema import FACT_NAMES, FACTS, FINAL_LAG, SCHEDULE_LEAD, STARTER
from busta.features.build import CATALOG, build_events, missing_inputs
from busta.features.catalog import PRICES
from busta.leagues.sim import LEAGUE as SIM
from support import facts_of, game, games_of, quote, quotes_of, same_bytes, tiny_league

LEAGUE = tiny_league()
NO_QUOTES = quotes_of()
NO_FACTS = pl.DataFrame(schema=FACTS)

SUNDAY, THURSDAY, NEXT = "2020-09-13T17:00", "2020-09-18T00:20", "2020-09-27T17:00"


def form(*rows: Any, quotes=NO_QUOTES):
    """The rows of the last game given."""
    events = build_events(games_of(*rows), quotes, LEAGUE)["form"]
    return events.filter(pl.col("game_id") == rows[-1]["game_id"])


def test_a_game_has_a_row_with_its_schedule_and_one_at_each_final_before_it():
    first = game("BOS", "LAX", SUNDAY, (24, 10))
    other = game("PHX", "LAX", THURSDAY, (7, 3))
    last = game("BOS", "PHX", "2020-09-20T17:00")
    told = form(first, other, last)
    assert told["known_at"].to_list() == [
        last["kickoff"] - SCHEDULE_LEAD,
        first["kickoff"] + FINAL_LAG,
        other["kickoff"] + FINAL_LAG,
    ]
    assert told["margin_5_diff"].to_list() == [None, None, pytest.approx(14 - 4)]  # Phoenix plays once before


def test_finals_before_the_schedule_make_one_row_together():
    told = form(game("BOS", "LAX", SUNDAY, (24, 10)), game("PHX", "NEW", SUNDAY, (7, 3)), game("BOS", "PHX", NEXT))
    assert told.height == 1
    assert told["margin_5_diff"].to_list() == [pytest.approx(10)]
    assert told["margin_5_sum"].to_list() == [pytest.approx(18)]


def test_two_games_final_at_one_moment_make_one_row():
    told = form(game("BOS", "LAX", SUNDAY, (24, 10)), game("PHX", "NEW", SUNDAY, (7, 3)), game("BOS", "PHX", THURSDAY))
    assert told.height == 2
    assert told["margin_5_diff"].to_list() == [None, pytest.approx(10)]


@pytest.mark.parametrize(("minutes", "seen"), [(-1, True), (0, False), (1, False)])
def test_a_final_at_the_start_of_a_game_comes_too_late_for_it(minutes, seen):
    last = game("BOS", "LAX", "2020-09-20T17:00")
    start = last["kickoff"] - FINAL_LAG + timedelta(minutes=minutes)
    earlier = game("BOS", "NEW", start.strftime("%Y-%m-%dT%H:%M"), (20, 10))
    assert (form(earlier, last).height == 2) == seen


def test_a_feature_never_reads_the_game_it_describes():
    before = game("BOS", "LAX", SUNDAY, (24, 10)), game("LAX", "BOS", NEXT, (3, 0))
    after = before[0], before[1] | {"home_score": 50, "away_score": 49}
    assert same_bytes(form(*before), form(*after))


def test_the_first_row_of_a_new_season_is_regressed():
    rows = [game("BOS", "LAX", SUNDAY, (24, 10)), game("BOS", "LAX", NEXT), game("BOS", "LAX", "2021-09-13T17:00")]
    events = build_events(games_of(*rows), NO_QUOTES, LEAGUE)["form"].sort("known_at")
    same, new = (events.filter(pl.col("game_id") == row["game_id"]) for row in rows[1:])
    assert new["elo_diff"][0] == pytest.approx(same["elo_diff"][-1] * 2 / 3)
    assert new["score_rating_diff"][0] == pytest.approx(same["score_rating_diff"][-1] * 0.6)
    assert new["margin_5_diff"][0] == same["margin_5_diff"][-1]


def test_a_team_that_never_played_has_no_form():
    told = form(game("BOS", "LAX", SUNDAY, (24, 10)), game("BOS", "PHX", NEXT))
    values = told.drop("game_id", "known_at", "home_edge", "total_level").row(0)
    assert set(values) == {None}


def test_home_ground_is_worth_the_leagues_figure_at_first_and_then_what_lines_say():
    first, second = game("BOS", "LAX", SUNDAY, (24, 10)), game("PHX", "NEW", NEXT)
    neutral = game("BOS", "LAX", "2020-10-04T17:00", neutral=True)
    told = build_events(games_of(first, second, neutral), quotes_of(quote(first, "ats", 12.2)), LEAGUE)["form"]
    by_game = dict(told.select("game_id", "home_edge").iter_rows())
    assert [by_game[row["game_id"]] for row in (first, second, neutral)] == pytest.approx([2.2, 2.2 + 0.05, 0])


def test_the_gap_follows_the_ratings_after_the_first_quote():
    """An open a week before; then a result of home's; then its new starter; then the close."""
    one, two = game("BOS", "LAX", "2020-09-14T00:00", (24, 10)), game("BOS", "PHX", "2020-09-20T17:00")
    quotes = quotes_of(
        quote(one, "ats", 12.2),
        quote(two, "ats", 1.0, moment="open", known_at=two["kickoff"] - timedelta(days=7)),
        quote(two, "ats", 3.0),
    )
    starters = [(one, "BOS", "ann"), (one, "LAX", "bob"), (two, "BOS", "cid"), (two, "PHX", "dot")]
    facts = pl.DataFrame([(g["game_id"], t, STARTER, None, s) for g, t, s in starters], schema=FACTS, orient="row")
    events = build_events(games_of(one, two), quotes, LEAGUE, facts=facts)[PRICES]
    told = events.filter(pl.col("game_id") == two["game_id"])
    assert told["price_spread"].to_list() == [1, 1, 1, 3]
    moved, ground = 0.45 * 10 + 0.08 * (14 - 12.2), 2.2 + 0.05
    gaps = [None, None, None, None]  # Phoenix never played, so nobody knows
    assert told["price_gap"].to_list() == gaps
    against = game("BOS", "LAX", "2020-09-20T17:00") | {"game_id": two["game_id"]}
    told = build_events(
        games_of(one, against), quotes, LEAGUE, facts=facts.with_columns(pl.col("team").replace("PHX", "LAX"))
    )[PRICES].filter(pl.col("game_id") == two["game_id"])
    rated = 2 * moved + ground  # both teams moved, one up and one down
    assert told["price_gap"].to_list() == pytest.approx([None, rated - 1, rated - moved - 1, rated - moved - 3])


def test_a_schedule_without_results_has_no_form():
    told = form(game("BOS", "LAX", SUNDAY))
    assert told.height == 1
    assert told["elo_diff"].to_list() == [None]


def test_past_lines_come_from_both_teams_own_sides():
    row = game("BOS", "LAX", SUNDAY, (24, 10))
    told = form(row, game("LAX", "BOS", NEXT), quotes=quotes_of(quote(row, "ats", 3.0)))
    assert told["past_spread_5_diff"].to_list() == [pytest.approx(-6)]  # Los Angeles, at home now, was the underdog
    assert told["past_spread_5_sum"].to_list() == [pytest.approx(0)]


def test_events_are_sorted_and_unique_and_before_the_start(world):
    for group, frame in build_events(world.games, world.quotes, SIM, facts=world.facts).items():
        keys = frame.select("game_id", "known_at")
        assert keys.equals(keys.sort("game_id", "known_at")), group
        assert not keys.is_duplicated().any(), group
        late = frame.join(world.games, on="game_id").filter(pl.col("known_at") >= pl.col("kickoff"))
        assert late.is_empty(), group


def test_every_game_has_an_event_of_its_schedule_and_form(world):
    events = build_events(world.games, world.quotes, SIM, facts=world.facts)
    for group in ("form", "schedule"):
        first = events[group].group_by("game_id").agg(pl.col("known_at").min())
        found = world.games.join(first, on="game_id", how="left")
        assert (found["known_at"] == found["kickoff"] - SCHEDULE_LEAD).all(), group


def test_the_order_of_the_tables_does_not_matter(world):
    straight = build_events(world.games, world.quotes, SIM, facts=world.facts)
    shuffled = build_events(
        world.games.sample(fraction=1, shuffle=True, seed=1),
        world.quotes.sample(fraction=1, shuffle=True, seed=2),
        SIM,
        facts=world.facts.sample(fraction=1, shuffle=True, seed=3),
    )
    for group in straight:
        assert same_bytes(straight[group], shuffled[group]), group


def test_an_input_that_is_empty_names_the_features_that_stay_empty():
    row = game("BOS", "LAX", SUNDAY, (24, 10), roof=None)
    found = missing_inputs(games_of(row), quotes_of(quote(row, "moneyline", 0.0, (None, None))), NO_FACTS)
    assert set(found) == {"roof", "first_price", "second_price", *FACT_NAMES}
    names = ("rating", "change", "power_change", "total_change")
    assert found[STARTER] == [f"starter_{name}_{of}" for of in ("diff", "sum") for name in names]
    assert found["roof"] == ["indoors"]
    assert found["first_price"] == ["price_home_win", "price_home_cover", "price_over"]


def test_the_simulated_league_has_all_but_facts(world):
    assert set(missing_inputs(world.games, world.quotes, NO_FACTS)) == set(FACT_NAMES)
    assert missing_inputs(world.games, world.quotes, facts_of(world.games)) == {}


def test_a_feature_that_an_empty_input_leaves_empty_is_in_the_list_of_what_is_missing(world):
    """Held against the build itself: what is null everywhere must have been announced."""
    optional = ("division", "roof", "surface")
    games = world.games.with_columns(pl.when(pl.lit(value=False)).then(pl.col(optional)))
    quotes = world.quotes.clear()
    announced = {name for names in missing_inputs(games, quotes, NO_FACTS).values() for name in names}
    events = build_events(games, quotes, SIM)
    empty = {f.name for f in CATALOG if events[f.group][f.name].null_count() == events[f.group].height}
    of_lines = ("market_rating", "market_total_rating", "home_edge", "total_level")
    rated = {f.name for f in CATALOG if f.name.startswith(of_lines)}
    assert empty | rated == announced  # a rating without lines is 0, the average
