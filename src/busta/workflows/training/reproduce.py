"""Reproduce: a version trained once more from what was recorded with it, held against it bit for bit."""

from __future__ import annotations

import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from pydantic import ValidationError
from scipy.special import expit

from busta.errors import DataError, OutsideError, UsageError
from busta.features.store import open_gold
from busta.markets.dataset import assemble
from busta.performance.forecasts import Forecasts
from busta.plugins import pick
from busta.registry.connect import connect
from busta.registry.named import RECIPE
from busta.registry.versions import fetch_json, fetch_model, model_name, resolve
from busta.settings import as_path
from busta.settings.section import merged
from busta.workflows.data.build import gold_of, open_version
from busta.workflows.predicting.forecast import columns, read_predictions
from busta.workflows.training.artifacts import predictions
from busta.workflows.training.provenance import PROVENANCE, changes, data_changes
from busta.workflows.training.train import fitted, up_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from busta.data.schema import Moment
    from busta.features.store import MemoryGold
    from busta.markets.dataset import Dataset
    from busta.models.portable import PortableModel
    from busta.plugins import League
    from busta.registry.connect import Registry
    from busta.registry.versions import Version
    from busta.settings import Settings

__all__ = ["reproduce"]

_SHAPE = ("train", "tune", "bets", "sim")
"""Sections of the recorded settings that decide what comes out; where it is done is for those of today to say."""
_WHERE = {"train": ("jobs", "cluster"), "tune": ("storage",)}


def reproduce(
    settings: Settings,
    market_name: str,
    version: str | int,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    gold_path: Path | str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    tuning: Callable[[int, int, float | None], None] = lambda _done, _of, _best: None,
) -> dict[str, Any]:
    """Trains a version again from the recorded data and settings, registers nothing, and compares bit for bit.

    Compared are the out-of-fold predictions, and those of the final model on all games of the gold store. Where the
    recorded version of the gold store is gone, one is built from the tables there are.

    Args:
        settings: All settings; those that shape a model are taken as they were recorded.
        market_name: Market or alias.
        version: Number of the version, ``champion``, ``challenger`` or the file of a training.
        league_name: League.
        blind: The model without any price of the game itself.
        moment: The price that is bet at.
        gold_path: The gold store, where it was made elsewhere.
        progress: Called with folds done and folds in all.
        tuning: Called with candidates done, candidates in all, and the least log loss that guided the search so far.

    Returns:
        The object ``busta reproduce --json`` prints; under ``differs`` what is another one than recorded, by ``data``,
        ``settings``, ``code``, ``libraries`` and ``machine``.

    Raises:
        UsageError: No such version, or its gold store was made elsewhere and is not named.
        DataError: The version's settings cannot be read by this busta, what was recorded is damaged, or there is
            nothing to train on.
        OutsideError: Files of the version are gone.
    """
    started = time.time()
    league, market = pick("league", league_name), pick("market", market_name)
    registry = connect(settings)
    found = resolve(registry, model_name(league.name, market.name, blind=blind, moment=moment), version)
    stored, old = read_predictions(registry, found), fetch_model(registry, found)
    recorded, notes = _recorded(registry, found)
    own = _as_recorded(settings, found, recorded["configuration.json"])
    gold, of_data = _gold(own, league, found, recorded, gold_path)
    through, foreign = recorded.get("through"), recorded.get("foreign_gold")
    data = up_to(assemble(gold, league, market, blind=blind, moment=moment), own, through)
    with tempfile.TemporaryDirectory() as scratch:  # a search that was kept is no second search
        elsewhere = own.model_copy(update={"home": Path(scratch)})
        recipe, _, walk = fitted(elsewhere, gold, data, through, foreign, progress, tuning)
    out_of_fold = _out_of_fold(stored, predictions(Forecasts.of(walk, data)))
    final = _final(old, walk.final, data)
    same = out_of_fold["identical"] and final["identical"]
    of_settings = [] if "provenance" in notes else _settings_changes(found, recipe)
    differs = {"data": of_data, "settings": of_settings} | changes(recorded)
    if not same and not any(differs.values()):
        notes["unexplained"] = "nothing that was recorded is another one here; what was not recorded, must be"
    return {
        "model": found.name,
        "model_version": found.number,
        "market": market.name,
        "league": league.name,
        "information": "blind" if blind else "anchored",
        "price": moment,
        "gold_version": gold.manifest.get("version"),
        "identical": same,
        "out_of_fold": out_of_fold,
        "final": final,
        "differs": differs,
        "notes": notes,
        "seconds": round(time.time() - started, 2),
    }


def _recorded(registry: Registry, version: Version) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings of the training (``configuration.json``) and its provenance; what an older busta did not record."""
    settings = fetch_json(registry, version, "configuration.json")
    try:
        more = fetch_json(registry, version, PROVENANCE)
    except OutsideError:
        environment = fetch_json(registry, version, "environment.json")
        then = {name: was for name, was in environment.items() if (name, was) != ("busta", metadata.version("busta"))}
        more = {"versions": then | {"Python": then.pop("python")}, "through": _last_season(version)}
        words = "an older busta trained it, and recorded neither its own code, nor all libraries, nor what tables held"
        return more | {"configuration.json": settings}, {"provenance": words}
    return more | {"configuration.json": settings}, {}


def _last_season(version: Version) -> int | None:
    """The last season that a version learned from, with which its training may have been told to end."""
    last = version.tags.get("seasons", "").rpartition("-")[2]
    return int(last) if last else None


def _as_recorded(settings: Settings, version: Version, recorded: Mapping[str, Any]) -> Settings:
    """The settings of today, with those that shape a model as they were recorded.

    Raises:
        DataError: This busta has no such settings.
    """
    own = {}
    for name in _SHAPE:
        here = getattr(settings, name)
        kept = here.model_dump(include=set(_WHERE.get(name, ())))
        try:
            own[name] = type(here).model_validate(merged(dict(recorded.get(name, {})), kept))
        except ValidationError as exc:
            first = exc.errors()[0]
            key = ".".join(str(part) for part in (name, *first["loc"]))
            raise DataError(
                f"version {version.number} of {version.name} was trained with {key} = {first['input']!r}, "
                f"which this busta cannot do: {first['msg'].lower()}\ninstall the busta that trained it"
            ) from exc
    return settings.model_copy(update=own)


def _settings_changes(version: Version, recipe: str) -> list[str]:
    """That what was chosen is something else than was recorded: a digest of it was kept, too."""
    was = version.tags.get(RECIPE)
    return [] if was in (None, recipe) else [f"recipe {was} (here {recipe}): settings, or the names of features"]


def _gold(
    settings: Settings, league: League, version: Version, recorded: Mapping[str, Any], path: Path | str | None
) -> tuple[MemoryGold, list[str]]:
    """The gold store of the training, or the nearest there is; what of it is another one.

    Raises:
        UsageError: It was made elsewhere, and nobody says where it is.
    """
    wanted = str(version.tags.get("gold_version"))
    if path is not None:
        gold = open_gold(as_path("gold_path", path))
    elif recorded.get("foreign_gold"):
        raise UsageError(
            f"version {version.number} of {version.name} was trained on gold store {wanted}, which was made elsewhere\n"
            "name its folder: --gold DIR"
        )
    else:
        gold = _stored_gold(settings, league, wanted) or gold_of(settings, league)
    other = data_changes(recorded, gold)
    made = gold.manifest.get("version")
    if str(made) != wanted:
        other = [f"gold store {wanted} is gone; what there is makes {made}", *other]
    return gold, other


def _stored_gold(settings: Settings, league: League, version: str) -> MemoryGold | None:
    try:
        return open_version(settings, league.name, version)
    except UsageError:
        return None


def _out_of_fold(stored: pl.DataFrame, made: pl.DataFrame) -> dict[str, Any]:
    """How two sets of stored predictions differ: in games, and in the bits of which columns."""
    names = [name for name in stored.columns if name in made.columns]
    both = stored.select(names).join(made.select(names), on="game_id", how="inner", suffix=" made")
    other = {name: _bits(both[name]) != _bits(both[f"{name} made"]) for name in names if name != "game_id"}
    differing = [name for name, rows in other.items() if rows.any()]
    gone, came = stored.height - both.height, made.height - both.height
    return {
        "identical": not (differing or gone or came or set(stored.columns) ^ set(made.columns)),
        "games": stored.height,
        "missing": gone,
        "added": came,
        "different": int(other["probability"].sum()),
        "largest_difference": _largest(both["probability"].to_numpy(), both["probability made"].to_numpy()),
        "columns": differing,
    }


def _bits(values: pl.Series) -> NDArray[Any]:
    """What tells values apart, to the last bit: numbers as they are stored, with one NaN."""
    if values.dtype != pl.Float64:
        return values.cast(pl.String).fill_null("").to_numpy()
    numbers = values.to_numpy().astype(np.float64)
    return np.where(np.isnan(numbers), np.nan, numbers).view(np.int64)


def _final(old: PortableModel, new: PortableModel, data: Dataset) -> dict[str, Any]:
    """How the final models differ in what they say of all games."""
    said = [expit(each.log_odds(columns(data, each.features), data.offset, data.line)) for each in (old, new)]
    bits = [_bits(pl.Series(p)) for p in said]
    different = int((bits[0] != bits[1]).sum())
    return {
        "identical": not different,
        "games": len(data),
        "different": different,
        "largest_difference": _largest(*said),
    }


def _largest(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    gaps = np.abs(one - other)
    return float(np.nanmax(gaps)) if gaps.size and not np.isnan(gaps).all() else None
