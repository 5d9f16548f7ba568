"""Champion against challenger, as a person reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from busta.plugins import pick
from busta.reports.numbers import count, counted, figure, percent, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Trial", "trials_of"]

_TONES = {"win": "yes", "loss": "no", "running": "notyet"}


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial of one market.

    Attributes:
        title: Whose.
        tone: ``yes`` where the challenger has won, ``no`` where it has lost, ``notyet`` else.
        decision: In a word or two.
        reason: Why.
        facts: Names and figures.
    """

    title: str
    tone: str
    decision: str
    reason: str
    facts: tuple[tuple[str, str], ...]


def trials_of(noted: Iterable[Mapping[str, Any]], league: str, information: str, price: str) -> list[Trial]:
    """The trials of one kind of model.

    Args:
        noted: What ``busta trial show --json`` printed of each.
        league: Whose.
        information: ``anchored`` or ``blind``.
        price: ``close`` or ``open``.
    """
    kind = (league, information, price)
    return [_trial(each) for each in noted if (each["league"], each["information"], each["price"]) == kind]


def _trial(said: Mapping[str, Any]) -> Trial:
    return Trial(
        f"{pick('market', said['market']).title}: version {said['challenger']} against {said['champion']}",
        _TONES.get(said["decision"], "no"),
        str(said["decision"]),
        str(said["reason"]),
        (
            ("since", str(said["started"])[:10]),
            ("looked at", f"{counted(said['games'], 'game')} in {counted(said['weeks'], 'week')}"),
            ("still to be played", count(said["pending_games"])),
            ("evidence for the challenger", _evidence(said)),
            ("it forecasts better by, log loss a game", figure(said["mean_gain"], "+.4f")),
            ("its interval, valid at every look", span(said["low"], said["high"], "+.4f")),
            *_arms(said["arms"]),
        ),
    )


def _evidence(said: Mapping[str, Any]) -> str:
    return f"e-value {figure(said['e_value'], ',.2f')}; a win takes {figure(said['e_value_needed'], ',.0f')}"


def _arms(arms: Mapping[str, Mapping[str, Any]] | None) -> list[tuple[str, str]]:
    """What each would have earned on its own games; the two are never added up."""
    return [
        (f"bets of the {name}", f"{counted(arm['bets'], 'bet')}, ROI {percent(arm['roi'], '+.1%')}")
        for name, arm in (arms or {}).items()
    ]
