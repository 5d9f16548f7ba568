"""May I bet on these games? What the gate said of the models that are served, and how fresh they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from busta.performance.gate.verdict import FIT_TO_BET, REJECTED
from busta.plugins import pick
from busta.reports.numbers import counted, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from busta.serving.page.week import Week
    from busta.serving.slate import Slate

__all__ = ["Lack", "Standing", "ago", "lacks", "standing"]

About = dict[str, Any]
_PAPER = "Stakes are on paper: written down, settled and counted, without money."


@dataclass(frozen=True, slots=True)
class Standing:
    """The answer on top of the page.

    Attributes:
        tone: ``yes``, ``notyet`` or ``no``.
        answer: In a word or three.
        sentence: Why.
        meaning: What follows from it.
    """

    tone: str
    answer: str
    sentence: str
    meaning: str


def standing(slate: Slate) -> Standing:
    """Whether the gate found the served models fit to bet, and what follows."""
    models = [answers.about for answers in slate.markets.values()]
    proven = [about for about in models if about["verdict"] and _verdict(about) == FIT_TO_BET]
    rejected = [about for about in models if _verdict(about) == REJECTED]
    if rejected:
        sentence = f"the gate rejected the {_names(rejected)} model{'s' * (len(rejected) > 1)}"
        return Standing(
            "no", "No", f"{sentence[0].upper()}{sentence[1:]}.", f"Do not stake money on it. {_real(slate)}"
        )
    if len(proven) == len(models):
        return Standing(
            "yes",
            "Yes",
            "There is evidence of profit, with everything counted that was tried.",
            "Bets can still lose for a long time; stakes are a cautious share of the bankroll.",
        )
    if proven:
        return Standing(
            "notyet",
            f"On {_names(proven)} only",
            f"Only for {_names(proven)} is there evidence of profit.",
            f"All else is on paper. {_real(slate)}",
        )
    return Standing("notyet", "Not with money", _unproven(models), _real(slate))


def _unproven(models: Sequence[Mapping[str, Any]]) -> str:
    if not any(about["verdict"] for about in models):
        return "The gate has not judged these models yet."
    return "The models are sound enough to run; that their bets earn is not proven."


def _real(slate: Slate) -> str:
    """Who set ``bets.allow_unproven`` is told so, where it matters."""
    first = next(iter(slate.markets.values())).predictions
    overruled = any(b'"unproven": true' in text and b'"paper": false' in text for text in list(first.values())[:1])
    return "Stakes are real all the same: bets.allow_unproven is set." if overruled else _PAPER


def _verdict(about: Mapping[str, Any]) -> str:
    return str(about["verdict"] or "").partition(":")[0]


def _names(models: Sequence[Mapping[str, Any]]) -> str:
    return " and ".join(pick("market", about["market"]).title.lower() for about in models)


def ago(moment: datetime, now: datetime | None = None) -> str:
    """How long that is ago, as a person says it.

    >>> ago(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, 1, tzinfo=UTC))
    '2 days ago'
    """
    seconds = max(((now or datetime.now(UTC)) - moment).total_seconds(), 0.0)
    for size, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{counted(int(seconds // size), name)} ago"
    return "just now"


@dataclass(frozen=True, slots=True)
class Lack:
    """Features that are missing in the games of a week, beside how often they are missing else.

    Attributes:
        title: The market.
        games: How many games have a forecast.
        lacking: How many of them lack a feature.
        features: Each that is missing more often than in the rest of the season: name, share now, share else.
    """

    title: str
    games: int
    lacking: int
    features: tuple[tuple[str, str, str], ...]


def lacks(week: Week, rest: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Lack]:
    """What each market's model does without this week.

    Args:
        week: The week.
        rest: By market, the predictions of the season's other games.
    """
    found = []
    for market, others in rest.items():
        rows = [offer.row for game in week.games for offer in game.offers if offer.market == market]
        now, usual = _shares(rows), _shares(others)
        more = [(name, share, usual.get(name, 0.0)) for name, share in now.items() if share > usual.get(name, 0.0)]
        told = tuple((name, percent(share, ".0%"), percent(often, ".0%")) for name, share, often in sorted(more))
        title = pick("market", market).title
        found.append(Lack(title, len(rows), sum(bool(row["missing"]) for row in rows), told))
    return found


def _shares(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    counts: dict[str, int] = {}
    for row in rows:
        for name in row["missing"]:
            counts[name] = counts.get(name, 0) + 1
    return {name: times / len(rows) for name, times in counts.items()}
