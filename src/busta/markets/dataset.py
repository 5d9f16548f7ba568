"""League and market make the table a model is trained and judged on, read from a gold store as of each decision."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from busta.betting.settlement import label
from busta.data.books import one_book
from busta.data.schema import FINAL_LAG, INSTANT, Moment, decision_time
from busta.errors import DataError
from busta.features.catalog import select

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from busta.features.catalog import Feature
    from busta.features.store import GoldStore
    from busta.plugins import League, Market

__all__ = ["ASSUMED_PRICE", "Dataset", "assemble", "quotes_at", "require_quoted", "values_of"]

ASSUMED_PRICE = 1 + 100 / 110
"""Decimal odds of both sides (-110) of a line whose opening price nobody recorded: what a book asks for a
line by custom. Assumed at the open alone, and flagged (``Dataset.price_assumed``)."""

PRICES = ("first_price", "second_price")
COLUMNS = (
    *("game_id", "season", "week", "kickoff", "home_team", "away_team"),
    *("decision_time", "final_time", "known_at"),
)
TIMES: dict[Moment, str] = {"open": "opening", "close": "closing"}


@dataclass(frozen=True)
class Dataset:
    """Games of one market in order of their start; arrays have one entry a game.

    Attributes:
        market: The market.
        league: The league.
        blind: Whether the models see no price of the game itself.
        moment: The price that is bet at.
        games: ``game_id``, ``season``, ``week``, ``kickoff``, ``home_team``, ``away_team``,
            ``decision_time``, ``final_time``, ``known_at``.
        names: Columns of ``X``.
        X: Features, float64 (games, features), NaN where unknown.
        y: 1 first side, 0 second side, NaN for a push or a game not played.
        value: The number that decides, such as margin or total, NaN where not played or not told.
        line: The line that is bet at, NaN where none is quoted.
        prices: Decimal odds of both sides, float64 (games, 2), NaN where none is quoted.
        price_assumed: Whether those are not quoted but ``ASSUMED_PRICE``; never at the close.
        market_log_odds: What the market says: vig-free log-odds of the first side, NaN where nothing.
        closing_line: The market's closing line, NaN where there is none.
        closing_prices: Its decimal odds of both sides there, float64 (games, 2), NaN where none is quoted; of several
            books those of the consensus, also where the close is bet at the best.
        closing_log_odds: What the market says at the close; all three are those above where the close is bet.
        elo: The Elo baseline's feature.
        declared: What the catalogue says of the columns of ``X``, by name; nothing of one it does not describe.
    """

    market: Market
    league: League
    blind: bool
    moment: Moment
    games: pl.DataFrame
    names: tuple[str, ...]
    X: NDArray[np.float64]
    y: NDArray[np.float64]
    value: NDArray[np.float64]
    line: NDArray[np.float64]
    prices: NDArray[np.float64]
    price_assumed: NDArray[np.bool_]
    market_log_odds: NDArray[np.float64]
    closing_line: NDArray[np.float64]
    closing_prices: NDArray[np.float64]
    closing_log_odds: NDArray[np.float64]
    elo: NDArray[np.float64]
    declared: Mapping[str, Feature] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.games.height

    @property
    def offset(self) -> NDArray[np.float64]:
        """Where models start from: the market's log-odds, or zeros for a blind model."""
        return np.zeros(len(self)) if self.blind else self.market_log_odds

    @property
    def weeks(self) -> NDArray[np.int64]:
        """One number for each week of each season: the block of every interval."""
        return np.asarray(self.games["season"].cast(pl.Int64) * 100 + self.games["week"], dtype=np.int64)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Dataset:
        """Those games only, in the order given."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        arrays = {
            each.name: getattr(self, each.name)[index]
            for each in fields(self)
            if isinstance(getattr(self, each.name), np.ndarray)
        }
        return replace(self, games=self.games[index], **arrays)


def assemble(
    gold: GoldStore, league: League, market: Market, *, blind: bool = False, moment: Moment = "close"
) -> Dataset:
    """All games of the store with a line to bet at (a moneyline needs none), played or not.

    Features are read as of the decision, a second after the quote that is bet is known: at the open
    that is a week before the start, and nothing of the close is known, nor often the last result.

    Raises:
        DataError: The store has no quotes of that market at that moment, none of the market's features, or not
            the number that decides it.
    """
    games = _with_quotes(gold, league, market, moment, blind=blind)
    seen = gold.as_of(games.select("game_id", "decision_time"))
    names = _names(gold, league, market, blind=blind)
    if not names:
        raise DataError(f"the gold store has none of the features of {market.name}: {', '.join(market.features)}")
    games = games.with_columns(seen["known_at"])
    value = values_of(gold.facts, league, games, market)
    line, log_odds = _floats(games["line"]), _market_log_odds(seen, market)
    prices, assumed = _prices(games, market, moment)
    at_close = _at_close(gold, games, market)
    closing = (line, _prices_of(at_close), log_odds) if moment == "close" else _closing(gold, games, at_close, market)
    return Dataset(
        market=market,
        league=league,
        blind=blind,
        moment=moment,
        games=games.select(COLUMNS),
        names=tuple(names),
        X=np.ascontiguousarray(seen.select(names).to_numpy().astype(np.float64)),
        y=label(value, line),
        value=value,
        line=line,
        prices=prices,
        price_assumed=assumed,
        market_log_odds=log_odds,
        closing_line=closing[0],
        closing_prices=closing[1],
        closing_log_odds=closing[2],
        elo=_column(seen, market.elo_feature),
        declared={feature.name: feature for feature in gold.catalog if feature.name in names},
    )


def require_quoted(data: Dataset, season: int) -> None:
    """Refuses a season in which nothing could be bet at the moment of that table.

    Raises:
        DataError: No game of the season is quoted; the message says which seasons are.
    """
    quoted = ~np.isnan(data.prices).all(axis=1) | (data.market.has_line or data.moment == "close")
    seasons = data.games["season"].filter(pl.Series(quoted)).unique()
    if season not in seasons:
        there = _spans(seasons) or "no season"
        raise DataError(f"{data.league.name} has {TIMES[data.moment]} {data.market.name} for {there}, not for {season}")


def _names(gold: GoldStore, league: League, market: Market, *, blind: bool) -> list[str]:
    """The market's own features; of a store nobody described, every one.

    Left out are those the league has no use for, and those no game can have, as no source said what they need.
    """
    if not gold.manifest.get("features"):
        return select(gold.catalog, ("*",), blind=blind)
    never = {name for names in gold.manifest.get("missing", {}).values() for name in names}
    found = select(gold.catalog, market.features, blind=blind)
    return [name for name in found if name not in never and not any(fnmatchcase(name, each) for each in league.unused)]


def _with_quotes(gold: GoldStore, league: League, market: Market, moment: Moment, *, blind: bool) -> pl.DataFrame:
    quotes = quotes_at(gold.quotes, market, moment, betting=True)
    if quotes.is_empty():
        _refuse_unquoted(gold, league, market, moment, blind=blind)
    games = gold.games.join(quotes, on="game_id", how="left", maintain_order="left")
    if market.has_line:
        games = games.filter(pl.col("line").is_not_null())
    else:
        games = games.with_columns(pl.lit(0.0).alias("line"))
    decided = pl.coalesce(pl.col("quoted_at") + pl.duration(seconds=1), decision_time(moment)).cast(INSTANT)
    return games.with_columns(
        decided.alias("decision_time"), (pl.col("kickoff") + FINAL_LAG).cast(INSTANT).alias("final_time")
    ).sort("kickoff", "game_id")


def quotes_at(quotes: pl.DataFrame, market: Market, moment: Moment, *, betting: bool) -> pl.DataFrame:
    """One quote of each game: ``game_id``, ``line``, both prices, ``quoted_at``.

    Args:
        quotes: Rows of ``QUOTES``.
        market: The market.
        moment: Open or close.
        betting: Whether it is bet at, which is done at the best price, or the opinion of the books is asked.
    """
    return (
        quotes.filter((pl.col("market") == market.name) & (pl.col("moment") == moment))
        .pipe(one_book, betting=betting)
        .select("game_id", "line", *PRICES, pl.col("known_at").alias("quoted_at"))
    )


def _refuse_unquoted(gold: GoldStore, league: League, market: Market, moment: Moment, *, blind: bool) -> None:
    """A market that nobody quotes can still be learned blind, or from the spread, if it needs no line."""
    spreads = not gold.quotes.filter((pl.col("moment") == moment) & (pl.col("market") == "ats")).is_empty()
    others = spreads and market.score is None
    if market.has_line or moment == "open" or not (others or blind):
        quoted = gold.quotes.join(gold.games.select("game_id", "season"), on="game_id")
        kinds = quoted.group_by("market", "moment").agg(pl.col("season").unique()).sort("market", "moment").rows()
        there = ", ".join(f"{name} at the {when} ({_spans(seasons)})" for name, when, seasons in kinds) or "none"
        why = "; nobody recorded them, or their file was not ingested" if moment == "open" else ""
        raise DataError(f"{league.name} has no {market.name} quotes at the {moment}{why}; it has: {there}")


def _spans(seasons: Iterable[int]) -> str:
    """Seasons in words.

    >>> _spans([2011, 2007, 2008, 2009])
    '2007-2009, 2011'
    """
    ordered = sorted(seasons)
    starts = [season for season in ordered if season - 1 not in ordered]
    ends = [season for season in ordered if season + 1 not in ordered]
    return ", ".join(
        str(first) if first == last else f"{first}-{last}" for first, last in zip(starts, ends, strict=True)
    )


def _prices(games: pl.DataFrame, market: Market, moment: Moment) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Prices of both sides, and where they are ``ASSUMED_PRICE``: a line at the open with no price of either."""
    quoted = games.select(PRICES).to_numpy().astype(np.float64)
    assumed = np.isnan(quoted).all(axis=1) & (market.has_line and moment == "open")
    return np.where(assumed[:, None], ASSUMED_PRICE, quoted), assumed


def values_of(facts: pl.DataFrame, league: League, games: pl.DataFrame, market: Market) -> NDArray[np.float64]:
    """The number of each game that decides the market, shape (games,); NaN where it is not played or not told.

    Raises:
        DataError: The market is decided by a fact that the league does not have.
    """
    sides = ("home", "away")
    if market.score is None:
        home, away = (_floats(games[f"{side}_score"]) for side in sides)
    else:
        told = _told(facts, league, market)
        home, away = (_floats(_number_of(games, side, told)) for side in sides)
    return {"margin": home - away, "total": home + away, "home": home, "away": away}[market.quantity]


def _told(facts: pl.DataFrame, league: League, market: Market) -> pl.DataFrame:
    """Each team's number of the fact that decides: ``game_id``, ``team``, ``value``."""
    told = facts.filter(pl.col("fact") == market.score)
    if told.is_empty():
        there = ", ".join(facts["fact"].unique().sort()) or "none"
        raise DataError(
            f"{league.name} has no {market.score}, which decides {market.name}; facts it has: {there}.\n"
            f"busta ingest {league.name} --from FILE takes them from a table with game_id, fact, home_value, away_value"
        )
    return told.select("game_id", "team", "value")


def _number_of(games: pl.DataFrame, side: str, told: pl.DataFrame) -> pl.Series:
    teams = games.select("game_id", pl.col(f"{side}_team").alias("team"))
    return teams.join(told, on=["game_id", "team"], how="left", maintain_order="left")["value"]


def _at_close(gold: GoldStore, games: pl.DataFrame, market: Market) -> pl.DataFrame:
    """What the books say of each game at the close, together where there are several."""
    quotes = quotes_at(gold.quotes, market, "close", betting=False)
    return games.select("game_id").join(quotes, on="game_id", how="left", maintain_order="left")


def _prices_of(quotes: pl.DataFrame) -> NDArray[np.float64]:
    return quotes.select(PRICES).to_numpy().astype(np.float64)


def _closing(
    gold: GoldStore, games: pl.DataFrame, quotes: pl.DataFrame, market: Market
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Line, prices and log-odds at the close, to judge a bet at the open by; NaN where the market has no close."""
    seen = gold.as_of(games.select("game_id", pl.col("kickoff").alias("decision_time")))
    line = _floats(quotes["line"])
    return (
        line,
        _prices_of(quotes),
        np.where(np.isnan(line), np.nan, _market_log_odds(seen, market)),
    )


def _market_log_odds(seen: pl.DataFrame, market: Market) -> NDArray[np.float64]:
    p = np.clip(_column(seen, market.price_feature), 1e-6, 1 - 1e-6)
    return np.asarray(np.log(p / (1 - p)), dtype=np.float64)


def _column(frame: pl.DataFrame, name: str) -> NDArray[np.float64]:
    return _floats(frame[name]) if name in frame.columns else np.full(frame.height, np.nan)


def _floats(series: pl.Series) -> NDArray[np.float64]:
    return np.asarray(series.cast(pl.Float64).to_numpy(), dtype=np.float64)
