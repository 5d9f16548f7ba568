"""Explain: what a forecast is the sum of, and what moves a model's forecasts in general."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.special import expit, logit

from busta.errors import OutsideError, UsageError
from busta.markets.dataset import assemble
from busta.models import explain as parts_of
from busta.plugins import pick
from busta.registry.connect import connect
from busta.registry.versions import fetch, model_name, resolve
from busta.workflows.predicting.forecast import columns, gold_for, say
from busta.workflows.predicting.joint import Kind
from busta.workflows.predicting.predict import published
from busta.workflows.predicting.price_words import find_game
from busta.workflows.training.artifacts import EXPLANATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from busta.data.schema import Moment
    from busta.features.store import MemoryGold
    from busta.registry.connect import Registry
    from busta.registry.versions import Version
    from busta.settings import Settings
    from busta.workflows.predicting.forecast import Said

__all__ = ["explain", "explained", "read_explanations", "read_importances"]


def explain(
    settings: Settings,
    market_name: str,
    game: str | None = None,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    model: str | None = None,
    week: str | None = None,
    date: str | None = None,
) -> dict[str, Any]:
    """The parts of a game's forecast, in log-odds of the first side given no push; without a game, of all of them.

    The parts add up to the published probability: market, level, features (linear terms and trees), calibration, and
    what the joint distribution of the three markets changes. A game that the version has learned from is explained
    by the ensemble that forecast it before.

    Args:
        settings: The settings.
        market_name: Market or alias.
        game: An id, or two teams as ``KC@BUF``; without one, what moves all forecasts.
        league_name: The league.
        blind: The model without any price of the game itself.
        moment: The price that is bet at.
        model: Version, ``champion`` or ``challenger``; by default the champion, else the challenger.
        week: Which of several games of the two teams, as ``2022-07``.
        date: The same by its day, as ``2022-11-13``.

    Returns:
        The object ``busta explain --json`` prints.

    Raises:
        BustaError: No such game or model, no forecast of it, or nothing to read them from.
    """
    league, market = pick("league", league_name), pick("market", market_name)
    registry = connect(settings)
    version = resolve(registry, model_name(league.name, market.name, blind=blind, moment=moment), model)
    about = {
        "model": version.name,
        "model_version": version.number,
        "market": market.name,
        "league": league.name,
        "information": "blind" if blind else "anchored",
        "price": moment,
    }
    if game is None:
        if week or date:
            raise UsageError("a week or a day says which game; give the game, too")
        return about | {"features": read_importances(registry, version)}
    gold = gold_for(settings, league, version)
    row = find_game(gold.games, league, game, week, date)
    table = assemble(gold, league, market, blind=blind, moment=moment)
    said = say(registry, version, table.take((table.games["game_id"] == row["game_id"]).to_numpy()))
    if not len(said.data):
        raise UsageError(f"{market.name} of {row['game_id']} is not forecast: no line is quoted")
    return about | _game(row) | _forecast(said, gold, Kind(settings, registry, league, blind, moment))


def _game(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "game_id": row["game_id"],
        "kickoff": row["kickoff"].isoformat(),
        "home_team": row["home_team"],
        "away_team": row["away_team"],
    }


def _forecast(said: Said, gold: MemoryGold, kind: Kind) -> dict[str, Any]:
    """The parts of the one game's forecast, largest features first."""
    data, seen = said.data, bool(said.seen[0])
    found = explained(kind.registry, said)
    if np.isnan(found.market[0]):
        raise UsageError(_why_not(said))
    read = published(said, gold, kind)
    win, _, lose = read.triples[0]
    final = float(logit(win / (win + lose)))
    return {
        "side": data.market.sides[0],
        "line": float(data.line[0]) if data.market.has_line else None,
        "out_of_fold": seen,
        "probability": float(expit(final)),
        "log_odds": final,
        **parts_of.as_parts(said.portable.features, columns(data, said.portable.features), vars(found), 0, final),
        "notes": read.notes,
    }


def explained(registry: Registry, said: Said) -> parts_of.Explanation:
    """The parts of each forecast: what was kept when it was forecast out of fold, of a game the model learned from.

    NaN where nothing was forecast.
    """
    data, portable = said.data, said.portable
    found = parts_of.explain(portable, columns(data, portable.features), data.offset, data.line)
    none = np.isnan(data.offset)
    kept = found
    if said.seen.any():
        stored = data.games.select("game_id").join(
            read_explanations(registry, said.version), on="game_id", how="left", maintain_order="left"
        )
        kept = _kept(stored, portable.features)
    return parts_of.Explanation(
        *(
            np.where(_like(said.seen, new), old, np.where(_like(none, new), np.nan, new))
            for new, old in zip(vars(found).values(), vars(kept).values(), strict=True)
        )
    )


def _like(rows: NDArray[np.bool_], array: NDArray[np.float64]) -> NDArray[np.bool_]:
    return rows if array.ndim == 1 else rows[:, None]


def _kept(stored: pl.DataFrame, names: Sequence[str]) -> parts_of.Explanation:
    """What was kept, NaN where nothing was; a feature that was no part of it added nothing."""

    def column(name: str) -> NDArray[np.float64]:
        known = name in stored.columns
        return stored[name].to_numpy().astype(np.float64) if known else np.zeros(stored.height)

    linear, trees = (np.stack([column(f"{kind}.{name}") for name in names], axis=1) for kind in ("linear", "trees"))
    return parts_of.Explanation(column("market"), column("level"), linear, trees, column("calibration"))


def _why_not(said: Said) -> str:
    game = said.data.games["game_id"][0]
    if said.seen[0]:
        return f"{game} is not explained: the model learned from it and has no out-of-fold forecast of it"
    return f"{game} is not forecast: no market price to start from"


def read_explanations(registry: Registry, version: Version) -> pl.DataFrame:
    """What each out-of-fold forecast of a version is the sum of.

    Raises:
        OutsideError: They are gone or damaged, or the registry is down.
    """
    return _read(registry, version, EXPLANATIONS, "explanations", partial(pl.read_parquet, glob=False))


def read_importances(registry: Registry, version: Version) -> list[dict[str, Any]]:
    """Mean absolute part of each feature over all out-of-fold games, and its range over the folds.

    Raises:
        OutsideError: They are gone or damaged, or the registry is down.
    """
    return _read(registry, version, "importances.csv", "importances", partial(pl.read_csv, glob=False)).to_dicts()


def _read(
    registry: Registry, version: Version, name: str, words: str, read: Callable[[Path], pl.DataFrame]
) -> pl.DataFrame:
    try:
        return read(fetch(registry, version, name))
    except (OutsideError, OSError, pl.exceptions.PolarsError) as exc:
        raise OutsideError(
            f"the {words} of version {version.number} of {version.name} cannot be read; "
            "restore their file, or train again"
        ) from exc
