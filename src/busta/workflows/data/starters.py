"""Who starts a coming game, where somebody knows more than the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from busta.data.schema import FACTS, STARTER, STARTER_NAME
from busta.data.source import Batch
from busta.errors import UsageError
from busta.workflows.predicting.forecast import in_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.data.schema import Moment
    from busta.features.store import MemoryGold
    from busta.plugins import League

__all__ = ["NEW", "with_starters"]

NEW = "new"
"""In the place of a name: somebody who has never started."""
_SHOWN = 3


def with_starters(
    gold: MemoryGold, league: League, method: str, games: Sequence[str], told: Sequence[str], moment: Moment
) -> MemoryGold:
    """The store as it would be if those started; nothing of it is kept.

    Args:
        gold: The store.
        league: Its league.
        method: How prices are freed of their vig.
        games: Ids of the games it is asked about.
        told: ``TEAM=NAME``, or the source's id for a name, or ``new`` for a first start.
        moment: The price that is bet at.

    Raises:
        UsageError: At the open, where nobody knows who starts; a team does not play in a coming one of those
            games, or nobody of that name ever started.
    """
    if not told:
        return gold
    if moment == "open":
        raise UsageError("--set says who starts, which nobody knows at the open; it is for the close")
    starts = _starts(gold.facts)
    if starts.is_empty():
        raise UsageError(f"{league.name} has no starters; its source does not tell who starts")
    rows = [(*_team_and_game(gold, league, games, text), _label(starts, league, text)) for text in told]
    new = pl.DataFrame(
        [{"game_id": game, "team": team, "fact": STARTER, "value": None, "label": label} for team, game, label in rows],
        schema=FACTS,
    )
    kept = gold.facts.join(new, on=["game_id", "team", "fact"], how="anti")
    facts = pl.concat([kept, new.select(kept.columns)])
    return in_memory(Batch(gold.games, gold.quotes, facts=facts), league, method)


def _starts(facts: pl.DataFrame) -> pl.DataFrame:
    """Every start that is told: ``game_id``, ``team``, the starter's id as ``label``, his ``name`` if there is one."""
    key = ["game_id", "team"]
    names = facts.filter(pl.col("fact") == STARTER_NAME).select(*key, pl.col("label").alias("name"))
    return facts.filter(pl.col("fact") == STARTER).select(*key, "label").join(names, on=key, how="left")


def _team_and_game(gold: MemoryGold, league: League, games: Sequence[str], text: str) -> tuple[str, str]:
    """The team that is spoken of, and its coming game."""
    team = league.team(text.partition("=")[0].strip())
    plays = (pl.col("home_team") == team) | (pl.col("away_team") == team)
    found = gold.games.filter(pl.col("game_id").is_in(games) & plays).sort("kickoff")
    coming = found.filter(pl.col("home_score").is_null())
    if coming.is_empty():
        why = f"{found['game_id'][0]} has been played" if found.height else f"{team} plays none of these games"
        raise UsageError(f"--set {text}: {why}; a starter can be set for a coming game")
    return team, str(coming["game_id"][0])


def _label(starts: pl.DataFrame, league: League, text: str) -> str:
    """The source's id of the starter that is named."""
    team, _, name = (part.strip() for part in text.partition("="))
    team = league.team(team)
    if name == NEW:
        return f"{NEW} {team}"
    if name in starts["label"]:
        return name
    found = starts.filter(pl.col("name").str.to_lowercase() == name.lower())["label"].unique().sort()
    if len(found) == 1:
        return str(found[0])
    if len(found):
        raise UsageError(f"--set {text}: {len(found)} starters are called so; give the id: {', '.join(found)}")
    known = starts.filter(pl.col("team") == team).select(pl.coalesce("name", "label")).to_series()
    last = ", ".join(known.reverse().unique(maintain_order=True).head(_SHOWN))
    raise UsageError(
        f"--set {text}: nobody called {name!r} has started; the last of {team}: {last or 'none'}. "
        f"For a first start give {team}={NEW}"
    )
