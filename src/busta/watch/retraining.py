"""When to train again, when to promote what came of it, when to go back: facts in, a decision with its reason out.

Nothing here looks anything up. The clock that matters is that of the games: a summer without any is no time
in which a trigger can be confirmed. A clock that was set back has let no time pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from busta.watch.verdict import TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from busta.settings import Retrain

__all__ = [
    "KEEP",
    "NOTHING",
    "PROMOTE",
    "REFUSE",
    "ROLL_BACK",
    "TRAIN",
    "WAIT",
    "Decision",
    "Facts",
    "Look",
    "Paired",
    "decide_challenger",
    "decide_champion",
    "decide_training",
    "held",
    "next_try",
]

NOTHING, WAIT, REFUSE, TRAIN = "nothing to do", "wait", "refuse", "train"
PROMOTE, KEEP, ROLL_BACK = "promote", "keep", "roll back"
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=15), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Look:
    """What was reported of a champion at some time; until the next look that differs it stayed so.

    Attributes:
        at: When.
        results: Finished games of the league by then.
        on: Triggers that were reported.
    """

    at: datetime
    results: int
    on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a training is decided by.

    Attributes:
        now: What time it is.
        results: Finished games of the league that a model can learn from.
        fresh: Those that the champion has not learned from.
        trained_at: When it was trained.
        season_ahead: Whether a season is about to begin, and some fresh game belongs to one before.
        looks: At this champion, oldest first; the last one is the newest.
        last: When the last retraining began, whatever became of it, or the last roll-back was.
        trial: The declared trial of the champion that is running, in words; it decides first.
    """

    now: datetime
    results: int
    fresh: int
    trained_at: datetime
    season_ahead: bool = False
    looks: Sequence[Look] = ()
    last: Look | None = None
    trial: str | None = None


@dataclass(frozen=True, slots=True)
class Paired:
    """What two versions said of the same games, in weeks that are over.

    Attributes:
        games: That both forecast and neither had learned from.
        weeks: They were played in.
        since: Of these games, those after the newer version became champion.
        gain: Mean log loss a game that the newer one gained on the older; ``None`` of no games.
        worse: Evidence that the newer one forecasts worse, an e-value; 1 before the first game.
    """

    games: int = 0
    weeks: int = 0
    since: int = 0
    gain: float | None = None
    worse: float = 1.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, why, and for a training what called for it."""

    act: str
    reason: str
    triggers: tuple[str, ...] = ()


def decide_training(facts: Facts, rules: Retrain) -> Decision:
    """Whether to train now.

    Never without a game that the champion has not learned from, and never within the gap since the last
    training, whatever calls for it: a trigger that flickers does not train twice.
    """
    called = _calls(facts, rules)
    triggers, reason = tuple(called), "; ".join(called.values())
    if not called:
        return Decision(NOTHING, _quiet(facts, rules))
    if facts.fresh <= 0:
        return Decision(REFUSE, f"no new data: the champion has learned from every finished game ({reason})", triggers)
    if facts.trial:
        return Decision(WAIT, f"{facts.trial} is running and decides first ({reason})", triggers)
    if missing := _gap(facts, rules):
        return Decision(WAIT, f"{missing} since the last training ({reason})", triggers)
    return Decision(TRAIN, reason, triggers)


def decide_challenger(paired: Paired, rules: Retrain, alpha: float) -> Decision:
    """Whether a refit that passed the gate goes in charge.

    It needs no evidence that it is better, which refits of one recipe hardly ever give: the gate asked that it
    is not worse by a margin. What is needed is that the games of the shadow do not say the opposite, at a level
    that holds however often one looks.
    """
    if paired.worse >= 1 / alpha:
        words = f"it forecasts worse than the champion: e-value {paired.worse:.3g} of {1 / alpha:.3g}"
        return Decision(REFUSE, f"{words} after {paired.games} games side by side")
    if paired.games < rules.shadow_games or paired.weeks < rules.shadow_weeks:
        so_far = f"{paired.games} of {rules.shadow_games} games and {paired.weeks} of {rules.shadow_weeks} weeks"
        return Decision(WAIT, f"in the champion's shadow: {so_far}")
    words = f"{paired.games} games side by side do not speak against it"
    return Decision(
        PROMOTE, f"it passed the gate, and {words if paired.games else 'no game side by side was asked for'}"
    )


def decide_champion(paired: Paired, rules: Retrain, alpha: float, *, decay: bool) -> Decision:
    """Whether the champion before comes back, while the new one is on probation.

    It does where the games both forecast prove the new one worse, and where the new one decays and the old
    one would have done no worse. If both decay it is the world that changed, and going back helps nobody.
    """
    if paired.since > rules.probation:
        return Decision(KEEP, f"its probation of {rules.probation} games is over")
    if paired.worse >= 1 / alpha:
        words = f"forecasts worse than the champion before it: e-value {paired.worse:.3g} of {1 / alpha:.3g}"
        return Decision(ROLL_BACK, f"{words} after {paired.games} games")
    if decay and paired.games > 0 and paired.gain is not None and paired.gain < 0:
        words = f"decays, and lost {-paired.gain:.4f} log loss a game to the champion before it"
        return Decision(ROLL_BACK, f"{words} on {paired.games} games")
    return Decision(KEEP, f"on probation: {paired.since} of {rules.probation} games since it was promoted")


def held(looks: Sequence[Look], trigger: str) -> int | None:
    """Finished games over which a trigger was reported without a break up to the last look.

    >>> from datetime import UTC
    >>> start = datetime(2026, 9, 1, tzinfo=UTC)
    >>> looks = [Look(start, games, frozenset(on)) for games, on in ((100, ["drift"]), (110, []), (130, ["drift"]))]
    >>> held(looks, "drift"), held([*looks, Look(start, 146, frozenset(["drift"]))], "drift"), held(looks, "decay")
    (0, 16, None)
    """
    first = None
    for look in reversed(looks):
        if trigger not in look.on:
            break
        first = look
    return None if first is None else max(looks[-1].results - first.results, 0)


def next_try(failures: int, last: datetime) -> datetime:
    """When whoever works unattended tries again after so many failures in a row: later and later, at most a day."""
    return last + min(_FIRST_PAUSE * 2.0 ** min(max(failures - 1, 0), 10), _LONGEST_PAUSE)


def _calls(facts: Facts, rules: Retrain) -> Mapping[str, str]:
    """What calls for a training, and why."""
    found: dict[str, str] = {}
    for name in TRIGGERS:
        games = held(facts.looks, name)
        if games is not None and games >= rules.hysteresis:
            found[name] = f"{name} reported over {games} games"
    if facts.fresh >= rules.results:
        found["results"] = f"{facts.fresh} games since the champion's last one (results asks for {rules.results})"
    if due := _calendar(facts, rules):
        found["calendar"] = due
    return {name: words for name, words in found.items() if name in rules.triggers}


def _calendar(facts: Facts, rules: Retrain) -> str | None:
    days = (facts.now - facts.trained_at) / timedelta(days=1)
    if rules.days is not None and days >= rules.days:
        return f"the champion is {days:.0f} days old (days asks for {rules.days:g})"
    if rules.season_start and facts.season_ahead:
        return f"a season begins, and the champion has not seen {facts.fresh} games of those before"
    return None


def _gap(facts: Facts, rules: Retrain) -> str | None:
    """What of the gap since the last training is missing."""
    if facts.last is None:
        return None
    days = max((facts.now - facts.last.at) / timedelta(days=1), 0.0)
    games = max(facts.results - facts.last.results, 0)
    if days >= rules.gap_days and games >= rules.gap_games:
        return None
    return f"{days:.0f} of {rules.gap_days:g} days and {games} of {rules.gap_games} games"


def _quiet(facts: Facts, rules: Retrain) -> str:
    """Why nothing calls; what is reported and not confirmed yet is named."""
    pending = [
        f"{name} reported over {games} of {rules.hysteresis} games"
        for name in TRIGGERS
        if name in rules.triggers and (games := held(facts.looks, name)) is not None
    ]
    return "; ".join(pending) or f"nothing calls for a training; {facts.fresh} games since the champion's last one"
