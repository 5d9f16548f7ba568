"""What a gate is given, and what a check answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING, Any

from busta.performance.significance.multiplicity import spent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.evaluation import Evaluation
    from busta.performance.forecasts import Forecasts
    from busta.settings import Bets, Gate

__all__ = ["Answer", "Case", "Check", "Finding", "Purpose", "Trials"]


class Answer(StrEnum):
    """The four answers of a check."""

    passed = "passed"
    failed = "failed"
    not_proven = "not proven"
    not_applicable = "not applicable"


class Purpose(StrEnum):
    """What a check decides: whether a model may be served, whether it may be bet, or nothing by itself."""

    serve = "serve"
    bet = "bet"
    evidence = "evidence"


@dataclass(frozen=True, slots=True)
class Trials:
    """What was tried on a market, by the registry's own record.

    Attributes:
        number: Which trial in order of time this version's recipe is, from 1.
        count: Distinct recipes tried so far, this one included.
        planned: How many were planned when the first was tried.
        look: Which look at this recipe it is, from 1: a season with newer games is another one.
        horizon: Games after registration at which those are judged, declared with the first trial.
        alpha: Chance, over all trials, of calling informative what is not, declared with the first trial.
        losses: Out-of-fold losses less the bar's of every trial by its name, on this version's games,
            NaN where it has none; empty where nobody fetched them.
        champion: Number of the version that was champion, if it was another one.
    """

    number: int = 1
    count: int = 1
    planned: int = 20
    horizon: int = 1400
    alpha: float = 0.05
    look: int = 1
    losses: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    champion: str | None = None

    @property
    def level(self) -> float:
        """What is left of alpha for this look at this recipe.

        Of the recipe's share (`spent`) the first look has a half, the next a quarter and so on, so that no
        number of looks adds up to more than the share.
        """
        return spent(self.alpha, self.number, self.planned) / 2.0**self.look


@dataclass(frozen=True, eq=False)
class Case:
    """Everything that a check may look at; what lies below ``performance`` is brought by whoever asks.

    Attributes:
        forecasts: The version's out-of-fold forecasts.
        evaluation: Their figures.
        trials: What was tried on the market.
        settings: Rules and levels.
        bets: Which bets are taken.
        champion: The reigning champion's forecasts, if there is another one.
        later: The version's forecasts of games that started after it was registered, if there are any.
        leaks: Leaks that an audit found, by name; ``None`` where no full one was made and the quick one found none.
        milliseconds: What one prediction takes, ``None`` where nobody measured it.
        empty_features: Features that the version learned from and that are empty in the newest games;
            ``None`` where nobody looked.
        revised: Ids of judged games that the data of today do not have, or not as they were, by what of
            them it is (``gone``, ``result``, ``line``, ``price``, ``close``); ``None`` where nobody looked.
    """

    forecasts: Forecasts
    evaluation: Evaluation
    trials: Trials
    settings: Gate
    bets: Bets
    champion: Forecasts | None = None
    later: Forecasts | None = None
    leaks: Sequence[str] | None = None
    milliseconds: float | None = None
    empty_features: Sequence[str] | None = None
    revised: Mapping[str, Sequence[str]] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        answer: Passed, failed, not proven or not applicable.
        figure: What was measured; ``None`` where it does not apply.
        threshold: What it is held against.
        words: One sentence for a person.
        details: Further figures by name.
    """

    answer: Answer
    figure: float | None
    threshold: float | None
    words: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One question to a model.

    Attributes:
        code: ``BST001`` and so on: the same in code, docs and output for ever.
        title: What is asked, as a fact that holds when the check is passed.
        purpose: What the answer decides.
        blocks: Answers that stand in the way of that purpose.
        run: Answers it for a case.
    """

    code: str
    title: str
    purpose: Purpose
    blocks: frozenset[Answer]
    run: Callable[[Case], Finding]

    def ask(self, case: Case) -> dict[str, Any]:
        """The finding with the check's own name, plain enough for JSON."""
        finding = self.run(case)
        named = {
            "code": self.code,
            "title": self.title,
            "purpose": self.purpose.value,
            "blocks": finding.answer in self.blocks,
        }
        return named | {name: _plain(value) for name, value in asdict(finding).items()}


def _plain(value: Any) -> Any:
    """The same without NaN or infinity, which JSON does not know."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value
