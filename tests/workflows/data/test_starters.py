"""Who starts a coming game, said by somebody who knows more than the tables."""

from __future__ import annotations

import polars as pl
import pytest

import busta
from busta.data.schema import FACTS, STARTER, STARTER_NAME
from busta.data.source import Batch
from busta.errors import UsageError
from busta.leagues.sim import LEAGUE
from busta.workflows.data.starters import with_starters
from busta.workflows.predicting.forecast import in_memory
from support import facts_of
from workspaces import CURRENT

METHOD = "multiplicative"


@pytest.fixture(scope="module")
def gold(trained):
    """The simulated games with starters, whose names are their ids in capitals, and of the coming week as before."""
    stored = busta.open_gold(trained.settings.gold / "sim" / trained.results["ats"]["gold_version"])
    facts = facts_of(stored.games)
    names = facts.filter(pl.col("fact") == STARTER).with_columns(
        pl.lit(STARTER_NAME).alias("fact"), pl.col("label").str.to_uppercase()
    )
    both = pl.concat([facts, names]).cast(dict(FACTS))
    return in_memory(Batch(stored.games, stored.quotes, facts=both), LEAGUE, METHOD)


@pytest.fixture(scope="module")
def coming(gold):
    return gold.games.filter(pl.col("home_score").is_null()).sort("kickoff", "game_id")


def test_a_starter_that_is_set_changes_his_game_and_no_other(gold, coming):
    game = coming.row(0, named=True)
    team, ids = game["home_team"], coming["game_id"].to_list()
    starter = gold.facts.filter(pl.col("fact") == STARTER)["label"].unique().sort()[0]
    by_id = with_starters(gold, LEAGUE, METHOD, ids, [f"{team}={starter}"], "close")
    by_name = with_starters(gold, LEAGUE, METHOD, ids, [f"{team} = {starter.upper()}"], "close")
    new = with_starters(gold, LEAGUE, METHOD, ids, [f"{team}=new"], "close")
    assert by_id.events["lineup"].equals(by_name.events["lineup"])
    assert not by_id.events["lineup"].equals(new.events["lineup"])
    others = pl.col("game_id") != game["game_id"]
    assert by_id.events["lineup"].filter(others).equals(gold.events["lineup"].filter(others))
    (label,) = by_id.facts.filter(
        (pl.col("game_id") == game["game_id"]) & (pl.col("team") == team) & (pl.col("fact") == STARTER)
    )["label"]
    assert label == starter
    assert with_starters(gold, LEAGUE, METHOD, ids, [], "close") is gold


def test_what_cannot_be_set_says_why(gold, coming):
    game = coming.row(0, named=True)
    ids, team = coming["game_id"].to_list(), game["home_team"]
    played = gold.games.filter(pl.col("home_score").is_not_null())["game_id"][-1]
    away = gold.games.filter(pl.col("game_id") == played)["away_team"][0]

    def refused(told, games=ids, moment="close", of=gold):
        with pytest.raises(UsageError) as said:
            with_starters(of, LEAGUE, METHOD, games, [told], moment)
        return str(said.value)

    assert "nobody called 'Nobody' has started" in refused(f"{team}=Nobody")
    assert f"give {team}=new" in refused(f"{team}=Nobody")
    assert f"{played} has been played" in refused(f"{away}=new", [played])
    assert "plays none of these games" in refused(f"{team}=new", [])
    assert "unknown sim team" in refused("XXX=new")
    assert "nobody knows at the open" in refused(f"{team}=new", moment="open")
    nobody = in_memory(Batch(gold.games, gold.quotes, facts=pl.DataFrame(schema=FACTS)), LEAGUE, METHOD)
    assert "has no starters" in refused(f"{team}=new", of=nobody)
    twins = gold.facts.with_columns(
        pl.when(pl.col("fact") == STARTER_NAME).then(pl.lit("John Smith")).otherwise("label").alias("label")
    )
    alike = in_memory(Batch(gold.games, gold.quotes, facts=twins), LEAGUE, METHOD)
    assert "starters are called so; give the id" in refused(f"{team}=john smith", of=alike)


def test_predict_and_price_of_a_league_without_starters_say_so(trained):
    week = busta.Wanted(week=f"{CURRENT}-18")
    with pytest.raises(UsageError, match="sim has no starters"):
        busta.predict(trained.settings, "ats", week, "sim", starters=["HFD=new"])
    game = busta.predict(trained.settings, "ats", week, "sim")["predictions"][0]["game_id"]
    with pytest.raises(UsageError, match="sim has no starters"):
        busta.price(trained.settings, game, "sim", starters="HFD=new")
