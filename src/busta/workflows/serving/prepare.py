"""Prepare: from champions and gold store to the slates that are served; what does not fit is refused."""

from __future__ import annotations

import hashlib
import json
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import polars as pl
from scipy.special import expit, logit

from busta.data.publish import current, publish
from busta.data.schema import Moment
from busta.errors import BustaError, DataError
from busta.models.portable import LINE, OFFSET
from busta.plugins import leagues, market_names, pick
from busta.registry.connect import connect
from busta.registry.glance import TOLD
from busta.registry.publish import CHALLENGER, CHAMPION
from busta.registry.versions import fetch_model, note, now, signature, versions
from busta.serving import slate
from busta.serving.board import JOINED
from busta.serving.model import read_model
from busta.serving.state import FORMAT
from busta.workflows.data.build import gold_of
from busta.workflows.data.ingest import has_tables, tables_of
from busta.workflows.predicting.explain import explained
from busta.workflows.predicting.forecast import columns, say
from busta.workflows.predicting.joint import Kind, join
from busta.workflows.predicting.predict import alone, from_joint, rows
from busta.workflows.training.record import vig_method

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from busta.betting.joint import Joint
    from busta.features.store import MemoryGold
    from busta.plugins import League
    from busta.registry.versions import Version
    from busta.settings import Settings
    from busta.workflows.predicting.forecast import Said

__all__ = ["prepare"]

KEPT = 2  # the slate in force, and the one a server may still be reading
CHECKED = 256  # games on which compiled trees are held against XGBoost's
CLOSE = 1e-6  # of a probability


def prepare(settings: Settings) -> list[dict[str, Any]]:
    """Makes the slate of every kind of model there is in the workspace, where what it is made of has changed.

    A version that does not fit is refused, and the one served before it stays.

    Returns:
        ``league``, ``information``, ``price``, ``slate``, whether it is ``new``, ``versions`` and ``refused`` of each.

    Raises:
        BustaError: MLflow is down, or the gold store cannot be made; all slates are as they were.
    """
    registry = connect(settings)
    found = []
    for league in leagues().values():
        if not has_tables(settings, league):
            continue
        for blind in (False, True):
            for moment in get_args(Moment):
                kind = Kind(settings, registry, league, blind, moment)
                choices = {name: _choices(kind, name) for name in market_names()}
                if any(choices.values()):
                    found.append(_prepare(kind, {name: each for name, each in choices.items() if each}))
    return found


def slates(settings: Settings) -> Path:
    """Where slates stand, a folder a kind."""
    return settings.workspace() / "serving"


def _prepare(kind: Kind, choices: Mapping[str, Sequence[Version]]) -> dict[str, Any]:
    names = (kind.league.name, "blind" if kind.blind else "anchored", kind.moment)
    about: dict[str, Any] = dict(zip(("league", "information", "price"), names, strict=True))
    root = slates(kind.settings) / "-".join(names)
    key = _key(kind, choices)
    before = current(root)
    manifest = json.loads((before / "about.json").read_bytes()) if before else {}
    if manifest.get("key") == key:
        return about | {"slate": before.name, "new": False} | _what(manifest)  # type: ignore[union-attr]
    gold = gold_of(kind.settings, kind.league)
    said, refused = _hear(kind, choices, gold, manifest.get("markets", {}))
    if not said:
        raise DataError(f"nothing of {root.name} can be served: {'; '.join(refused.values())}")
    about |= {"key": key, "gold_version": gold.manifest["version"], "made_at": now(), "refused": refused}
    return _publish(kind, root, about, gold, said)


def _what(manifest: Mapping[str, Any]) -> dict[str, Any]:
    versions = {name: each["version"] for name, each in manifest["markets"].items()}
    return {"versions": versions, "refused": manifest["refused"]}


def _publish(
    kind: Kind, root: Path, about: dict[str, Any], gold: MemoryGold, said: Mapping[str, Said]
) -> dict[str, Any]:
    games = gold.games.sort("kickoff", "game_id")
    joined = {name: each for name, each in said.items() if name in JOINED}
    joint = join(joined, games["game_id"].to_list()) if {"moneyline", "ats"} & set(joined) else None
    never = {name: f"there is no model {kind.model(name)} yet; `busta train` makes one" for name in JOINED}
    missing = {name: about["refused"].get(name, never[name]) for name in JOINED if name not in said}
    about |= {"missing": missing}
    content = {name: _forecasts(kind, name, said, missing, joint, games) for name in said}
    name = hashlib.sha256(json.dumps([about["key"], about["refused"], FORMAT]).encode()).hexdigest()[:16]
    publish(
        root, name, lambda folder: slate.write(folder, about, _games(games, kind.league), content, joint), keep=KEPT
    )
    return {name: about[name] for name in ("league", "information", "price")} | {
        "slate": name,
        "new": True,
        "versions": {market: each.about["version"] for market, each in content.items()},
        "refused": about["refused"],
    }


def _choices(kind: Kind, market: str) -> list[Version]:
    """The version to be served: the champion, or the challenger while there is none; all others behind it."""
    found = versions(kind.registry, kind.model(market))
    for alias in (CHAMPION, CHALLENGER):
        chosen = [version for version in found if alias in version.aliases]
        if chosen:
            return chosen + [version for version in found if version is not chosen[0]]
    return []


def _key(kind: Kind, choices: Mapping[str, Sequence[Version]]) -> str:
    """A digest of all that a slate is made of."""
    tables = current(tables_of(kind.settings, kind.league).folder)
    first = {
        name: (found[0].number, found[0].run_id, [found[0].tags.get(tag) for tag in TOLD])
        for name, found in choices.items()
    }
    made_of = (metadata.version("busta"), FORMAT, tables and tables.name, kind.settings.bets.model_dump(), first)
    return hashlib.sha256(repr(made_of).encode()).hexdigest()


def _hear(
    kind: Kind, choices: Mapping[str, Sequence[Version]], gold: MemoryGold, before: Mapping[str, Any]
) -> tuple[dict[str, Said], dict[str, str]]:
    """What each market's version says of all games, and why a version was refused."""
    said: dict[str, Said] = {}
    refused: dict[str, str] = {}
    for market, found in choices.items():
        last_good = [version for version in found[1:] if version.number == before.get(market, {}).get("version")]
        for version in (found[0], *last_good):
            try:
                table = kind.table(market, version, gold, kind.settings.bets.vig_method)
                _check(kind, market, version, gold)
                said[market] = say(kind.registry, version, table)
                _compare(said[market])
                break
            except BustaError as exc:
                refused.setdefault(market, f"version {version.number}: {str(exc).splitlines()[0]}")
    return said, refused


def _check(kind: Kind, market: str, version: Version, gold: MemoryGold) -> None:
    """Refuses a model that is not what its name says, or asks for what nobody has.

    Raises:
        DataError: With what does not fit.
    """
    portable = fetch_model(kind.registry, version)
    about = {"league": kind.league.name, "market": market, "price": kind.moment}
    about["information"] = "blind" if kind.blind else "anchored"
    other = [f"{name} {portable.spec.get(name)}" for name, value in about.items() if portable.spec.get(name) != value]
    if other:
        raise DataError(f"{version.name} holds a model of {', '.join(other)}")
    unknown = set(portable.features) - {feature.name for feature in gold.catalog}
    if unknown:
        raise DataError(f"it reads features that the gold store does not have: {', '.join(sorted(unknown))}")
    signed, needed = signature(kind.registry, version), {*portable.features}
    needed |= ({OFFSET} if portable.anchored else set()) | ({LINE} if portable.reads_line else set())
    if not needed <= signed <= needed | {OFFSET, LINE}:
        raise DataError(
            f"its signature and what it reads differ in {', '.join(sorted((needed ^ signed) - {OFFSET, LINE}))}"
        )


def _compare(said: Said) -> None:
    """Refuses a model whose compiled trees say something else than XGBoost's.

    Raises:
        DataError: By how much they differ.
    """
    data, portable = said.data, said.portable
    last = slice(-CHECKED, None)
    X, offset, line = columns(data, portable.features)[last], data.offset[last], data.line[last]
    with tempfile.TemporaryDirectory() as folder:
        portable.write(folder)
        compiled = read_model(Path(folder), {}).portable
    difference = np.abs(expit(compiled.log_odds(X, offset, line)) - expit(portable.log_odds(X, offset, line)))
    if difference.size and np.nanmax(difference, initial=0.0) > CLOSE:
        raise DataError(f"its compiled trees are off by {np.nanmax(difference):.1e} of a probability")


def _forecasts(
    kind: Kind,
    market: str,
    said: Mapping[str, Said],
    missing: Mapping[str, str],
    joint: Joint | None,
    games: pl.DataFrame,
) -> slate.Forecasts:
    own = said[market]
    others = set(JOINED) & set(said) - {market}
    if market in JOINED and joint is not None and others and not own.seen.all():
        place = {game: row for row, game in enumerate(games["game_id"])}
        joined = joint.take(np.array([place[game] for game in own.data.games["game_id"]], dtype=np.int64))
        read = from_joint(market, {name: said[name] for name in JOINED if name in said}, missing, joined)
    else:
        read = alone(own)
    found = rows(own, read, games, kind.settings.bets)
    if any(row["stake"] and row["unproven"] and not (row["paper"] or row["out_of_fold"]) for row in found):
        note(kind.registry, own.version, {"unproven_stakes": now()})
    values = columns(own.data, own.portable.features)
    absent = _absent(own, values)
    about = _version(kind, market, own)
    rows_ = [row | {"missing": absent.get(row["game_id"], [])} for row in found]
    win, lose = read.triples[:, 0], read.triples[:, 2]
    arrays = {"line": own.data.line, "prices": own.data.prices, "seen": own.seen, "values": values}
    arrays |= {"log_odds": logit(win / (win + lose)), **vars(explained(kind.registry, own))}
    return slate.Forecasts(about, own.portable, rows_, own.data.games["game_id"].to_list(), arrays)


def _absent(said: Said, values: NDArray[np.float64]) -> dict[str, list[str]]:
    """Features that a game does not have, and the model does without as in training."""
    names = np.array(said.portable.features)
    empty = np.isnan(values)
    return {game: names[empty[row]].tolist() for row, game in enumerate(said.data.games["game_id"]) if empty[row].any()}


def _version(kind: Kind, market: str, said: Said) -> dict[str, Any]:
    """What is told of a version."""
    version, portable = said.version, said.portable
    told = pick("market", market)
    role = CHAMPION if CHAMPION in version.aliases else CHALLENGER if CHALLENGER in version.aliases else "none"
    return {
        "model": version.name,
        "version": version.number,
        "run_id": version.run_id,
        "role": role,
        **{tag: version.tags.get(tag) for tag in TOLD},
        "market": market,
        "sides": list(told.sides),
        "has_line": told.has_line,
        "features": portable.features,
        "anchored": portable.anchored,
        "vig_method": vig_method(version, kind.settings.bets),
    }


def _games(games: pl.DataFrame, league: League) -> list[dict[str, Any]]:
    """The games as they are listed."""
    day = pl.col("kickoff").dt.convert_time_zone(league.zone).dt.date().cast(pl.String).alias("day")
    names = ("game_id", "season", "week", "kickoff", "home_team", "away_team", "home_score", "away_score", "neutral")
    found = games.select(*names, day).to_dicts()
    return [game | {"kickoff": game["kickoff"].isoformat()} for game in found]
