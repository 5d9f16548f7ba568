"""Files of one season each that a download adds to the games: asked for where something is lacking.

They are not needed: where one is not there, or the server is down, the games are taken without them and a
warning says what is lacking.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from busta.data.fetch import AnswerError, fetch
from busta.data.schema import GAMES, QUOTES
from busta.data.source import Batch, concatenate, listed, of_file
from busta.errors import DataError, OutsideError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from busta.data.source import QuoteSource
    from busta.plugins import League
    from busta.settings import Settings

__all__ = ["by_season", "lacking"]


def lacking(games: pl.DataFrame, facts: pl.DataFrame, fact: str) -> list[int]:
    """Seasons to ask for, the latest first: the last that has a result, and those with a game without the fact.

    Args:
        games: Rows of ``GAMES``.
        facts: Rows of ``FACTS``.
        fact: Which fact tells that a game is there.
    """
    played = games.filter(pl.col("home_score").is_not_null())
    told = facts.filter(fact=fact)["game_id"].unique().to_list()
    asked = played.filter(~pl.col("game_id").is_in(told) | (pl.col("season") == pl.col("season").max()))
    return sorted(asked["season"].unique(), reverse=True)


def by_season(
    source: QuoteSource,
    seasons: Iterable[int],
    template: str,
    league: League,
    games: pl.DataFrame,
    settings: Settings,
    now: datetime,
) -> Batch:
    """What the files of those seasons say of the games; what could not be had is a warning.

    A season that is not there does not keep from the next; a server that does not answer is asked no more.

    Args:
        source: Parses a file.
        seasons: Which, in the order to ask for them.
        template: Address of a file, ``{season}`` standing for the season.
        league: Whose games they are.
        games: Rows of ``GAMES`` that the files speak of.
        settings: How to download, and where the cache is.
        now: The present.
    """
    read = partial(_read, source, league=league, games=games, settings=settings, now=now)
    batches: list[Batch] = []
    absent: list[str] = []
    warnings: list[str] = []
    for season in seasons:
        try:
            batches.append(read(template.replace("{season}", str(season))))
        except AnswerError as exc:
            absent.append(f"{season} ({exc.status})")
        except DataError as exc:
            warnings.append(f"{source.kind}, {season}: {exc}")
        except OutsideError as exc:
            warnings.append(f"{source.kind} of {season} and the seasons before it: {str(exc).splitlines()[0]}")
            break
    if absent:
        warnings.append(f"{source.kind}: the server has none for {listed(absent)}")
    batch = concatenate([_NOTHING, *batches])
    return replace(batch, warnings=(*batch.warnings, *warnings))


_NOTHING = Batch(games=pl.DataFrame(schema=GAMES), quotes=pl.DataFrame(schema=QUOTES))


def _read(
    source: QuoteSource, url: str, *, league: League, games: pl.DataFrame, settings: Settings, now: datetime
) -> Batch:
    data = settings.data
    fetched = fetch(url, settings.raw / league.name, timeout=data.timeout, retries=data.retries)
    return of_file(source.parse(fetched.content, league, games, columns={}, now=now), fetched.file)
