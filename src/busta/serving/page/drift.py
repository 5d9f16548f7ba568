"""Do the models still read, say and forecast what they did? What the last watch found, as a person reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from busta.errors import BustaError
from busta.plugins import pick
from busta.reports.numbers import counted, figure, percent, words
from busta.serving.page.standing import ago

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from busta.serving.slate import Slate

__all__ = ["Drift", "Judged", "drift_of"]

MOST = 8
"""Features that are told; the command has them all."""
BEHIND = timedelta(days=7)
"""Newer results than the watch knew, from which on the page says so: it judges by whole weeks."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of one model, each in a word and with its figures.

    Attributes:
        title: Its market.
        version: The version that was looked at.
        served: Whether it is the one that is served.
        answers: What it reads, what it says and how it forecasts: a sign's name (``passed``, ``failed`` or
            ``not-applicable``), words, and figures.
        lately: Its last scores beside the closing line's.
    """

    title: str
    version: str
    served: bool
    answers: tuple[tuple[str, str, str], ...]
    lately: str


@dataclass(frozen=True, slots=True)
class Drift:
    """What the last watch found.

    Attributes:
        tone: ``yes`` where nothing alarms, ``no`` where something does, ``notyet`` where nobody knows.
        answer: In a word or three.
        sentence: When it looked, and at what.
        command: What looks again.
        models: One a champion.
        changed: Features and groups of them that alarm, with figures.
        more: How many more features do.
    """

    tone: str
    answer: str
    sentence: str
    command: str
    models: tuple[Judged, ...] = ()
    changed: tuple[tuple[str, str], ...] = ()
    more: int = 0


def drift_of(watched: Callable[[str], Json | None], slate: Slate, last_score: str | None) -> Drift:
    """What the last watch found of the models that are served.

    Args:
        watched: The last result of a league's watch; ``None`` where there was none.
        slate: What is served.
        last_score: Day of the last score that the server knows.
    """
    about = slate.about
    command = f"busta watch {about['league']}"
    command += " --blind" * (about["information"] == "blind") + " --price open" * (about["price"] == "open")
    try:
        found = watched(about["league"])
        if found is None:
            return Drift("notyet", "not looked yet", "Nobody has looked for drift in this league yet.", command)
        return _told(found, slate, last_score, command)
    except BustaError as exc:
        return Drift("notyet", "not known", f"What the watch found cannot be read: {exc}.", command)
    except (KeyError, TypeError, ValueError):
        return Drift("notyet", "not known", "What the watch found was written by another version of busta.", command)


def _told(found: Json, slate: Slate, last_score: str | None, command: str) -> Drift:
    alarms = found["alarms"]
    models = tuple(_judged(row, found["features"], slate) for row in found["models"])
    when = datetime.fromisoformat(found["looked_at"])
    parts = [
        f"Looked {ago(when)} ({when:%Y-%m-%d %H:%M} UTC)",
        _at(found),
        f"{counted(len(found['features']), 'feature')} and {counted(len(models), 'model')}.",
    ]
    doubts = _doubts(found, slate, last_score, models)
    groups, features = _groups(found["groups"]), _features(found["features"])
    return Drift(
        "no" if alarms else "notyet" if doubts else "yes",
        counted(alarms, "alarm") if alarms else "no alarm",
        " ".join([", ".join(parts), *doubts]),
        command,
        models,
        tuple(groups + features[:MOST]),
        max(len(features) - MOST, 0),
    )


def _at(found: Json) -> str:
    """The weeks that were looked at."""
    weeks = found["weeks"]
    return f"at the weeks from {weeks[0]} to {weeks[-1]}" if weeks else "before a week was over since the training"


def _doubts(found: Json, slate: Slate, last_score: str | None, models: Sequence[Judged]) -> list[str]:
    """Why what was found may say little of what is served now."""
    about = slate.about
    kinds = [(each["information"], each["price"]) for each in (found, about)]
    known = found["last_result"] and date.fromisoformat(found["last_result"][:10])
    newer = bool(known and last_score and date.fromisoformat(last_score) - known >= BEHIND)
    doubts = {
        f"It looked at models of another kind: {kinds[0][0]}, at the {kinds[0][1]}.": kinds[0] != kinds[1],
        "Other versions are served by now.": kinds[0] == kinds[1] and not all(model.served for model in models),
        f"The last result it knew is of {known}; there are newer ones.": newer,
    }
    return [words for words, holds in doubts.items() if holds]


def _judged(row: Json, features: Sequence[Json], slate: Slate) -> Judged:
    served = slate.markets.get(row["market"])
    looked_at = row["model"], str(row["version"])
    return Judged(
        pick("market", row["market"]).title,
        looked_at[1],
        served is not None and looked_at == (served.about["model"], str(served.about["version"])),
        (_reads(row, features), _says(row["predictions"]), _forecasts(row)),
        _lately(row["rolling"]),
    )


def _lately(scores: Json) -> str:
    if not scores["games"]:
        return "no game yet"
    loss, error = (
        f"{figure(scores[name], form)}, the close {figure(scores[f'closing_{name}'], form)}"
        for name, form in (("log_loss", ".4f"), ("ece", ".3f"))
    )
    return f"log loss {loss}; calibration error {error}; {counted(scores['games'], 'game')}"


def _reads(row: Json, features: Sequence[Json]) -> tuple[str, str, str]:
    read = [each for each in features if row["market"] in each["read_by"]]
    if not read:
        return "not-applicable", "too few games", ""
    if "drift" in row["triggers"]:
        alone = sum(each["alarm"] for each in read)
        return "failed", "drifted", f"{alone} of {counted(len(read), 'feature')}" if alone else "values are old"
    return "passed", "as in training", counted(len(read), "feature")


def _says(found: Mapping[str, Any]) -> tuple[str, str, str]:
    if found["psi"] is None:
        return "not-applicable", "too few games", ""
    figures = f"PSI {figure(found['psi'], '.3f')}, alarm at {figure(found['psi_critical'], '.3f')}"
    return ("failed", "changed", figures) if found["alarm"] else ("passed", "as in training", figures)


def _forecasts(row: Json) -> tuple[str, str, str]:
    found = row["decay"]
    figures = f"evidence of decay {figure(found['e_value'], ',.2f')}, alarm at {figure(found['threshold'], ',.0f')}"
    if found["alarm"]:
        return "failed", f"worse since {found['since']}", figures
    return ("passed", "no worse", figures) if row["games"] else ("not-applicable", "no game yet", "")


def _features(rows: Sequence[Json]) -> list[tuple[str, str]]:
    """Those that alarm, the least likely first."""
    alarmed = sorted((row for row in rows if row["alarm"]), key=lambda row: 1.0 if row["p"] is None else row["p"])
    return [(words(row["feature"]), _moved(row)) for row in alarmed]


def _moved(row: Json) -> str:
    missing, before = (percent(row[name], ".0%") for name in ("missing", "missing_before"))
    parts = (
        f"mean moved by {figure(row['shift'], '+.2f')} sd",
        f"PSI {figure(row['psi'], '.3f')}, alarm at {figure(row['psi_critical'], '.3f')}",
        f"missing in {missing}, before in {before}",
        f"read by {' and '.join(row['read_by']) or 'no model'}",
    )
    return "; ".join(parts)


def _groups(rows: Sequence[Json]) -> list[tuple[str, str]]:
    """Groups of features whose values have grown old."""
    return [(f"all of {words(row['group'])}", _old(row)) for row in rows if row["alarm"]]


def _old(row: Json) -> str:
    now, before = (figure(row[name], ",.0f") for name in ("age_hours", "age_hours_before"))
    return f"{now} hours old when bets are decided; in training {before}"
