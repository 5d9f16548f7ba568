"""The verdict as a person asks for it: may I bet on this model, why, and how sure is that?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scipy.special import ndtr

from busta.performance.gate.verdict import FIT_TO_BET, REJECTED
from busta.performance.significance.needed import POWER
from busta.reports.measures import told
from busta.reports.numbers import count, figure, odds_of_luck, percent, span

if TYPE_CHECKING:
    from busta.reports.material import Material

__all__ = ["Verdict", "share_of_alpha", "verdict_of"]

Figures = dict[str, Any]

_PLAIN = {  # by check and answer: what stands in the way, as a clause
    ("BST001", "failed"): "it forecasts worse than a rule that needs no model",
    ("BST002", "failed"): "it forecasts worse than the line it would bet against",
    ("BST002", "not proven"): "it is not shown to forecast as well as the line it would bet against",
    ("BST003", "failed"): "where it disagrees with the market, the market is right",
    ("BST003", "not proven"): "nothing shows that it knows anything the market does not",
    ("BST004", "failed"): "what it shows is explained by the number of models that were tried",
    ("BST004", "not proven"): "what it shows may be luck among all that was tried",
    ("BST005", "failed"): "its probabilities do not mean what they say",
    ("BST006", "failed"): "its bets are expected to lose",
    ("BST006", "not proven"): "its bets are not shown to earn",
    ("BST008", "failed"): "it is worse than the model in use",
    ("BST008", "not proven"): "it is not shown to be as good as the model in use",
    ("BST009", "failed"): "it learned from what nobody could have known",
    ("BST009", "not proven"): "its figures are too good to be true",
    ("BST010", "failed"): "it takes too long to answer",
    ("BST011", "failed"): "what it learned from is missing from the newest games",
    ("BST012", "failed"): "lately its opinions were wrong",
    ("BST012", "not proven"): "lately there was no sign of an edge",
    ("BST013", "failed"): "the games since it was registered refute it",
    ("BST014", "failed"): "the games it was judged on are no longer what they were",
    ("BST014", "not proven"): "the games it was judged on have changed since",
}
_LIFETIME = 100
"""Seasons that nobody waits for."""
_PAPER = "The model is sound enough to be run, on paper: its stakes are not real money until the gate says yes."
_MEANING = {
    "yes": "There is evidence of profit with everything counted that was tried. Bets can still lose for a long time.",
    "not yet": f"That it knows something is proven, that its bets earn is not. {_PAPER}",
    "not proven": f"Not proven is not refuted, but no reason to bet. {_PAPER}",
    "refuted": "Do not stake money on it: the evidence is against it.",
    "unsound": "Do not stake money on it, and do not run it.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer and its grounds.

    Attributes:
        answer: ``Yes``, ``Not yet`` where an edge is proven but no profit, or ``No``.
        because: The reason, a clause.
        sure: How sure that is, a few sentences each on one thing: the evidence, what more would tell, the money.
        meaning: What follows from the answer.
        obstacles: Every check that stands in the way: ``code``, ``plain`` and ``words``.
    """

    answer: str
    because: str
    sure: tuple[str, ...]
    meaning: str
    obstacles: tuple[Figures, ...]

    @property
    def sentence(self) -> str:
        """Answer and reason."""
        return f"{self.answer}: {self.because}."


def verdict_of(material: Material) -> Verdict:
    """Reads the gate's answers: yes if fit to bet; not yet if only profit is left to be proven; else no.

    A no has one of three reasons: the model is unsound, it is refuted, or nothing is proven.
    """
    checks = [check for check in material.verdict["checks"] if check["blocks"]]
    obstacles = tuple(
        {"code": check["code"], "plain": _plain(check), "answer": check["answer"], "words": told(check)}
        for check in checks
    )
    unsound = {check["code"] for check in checks if check["purpose"] == "serve"}
    of_soundness = [each for each in obstacles if each["code"] in unsound]
    refuted = [each for each in obstacles if each["answer"] == "failed"]
    name, sure = material.verdict["verdict"], _sure(material)
    if name == FIT_TO_BET:
        return Verdict("Yes", _earned(material), sure, _MEANING["yes"], ())
    if name == REJECTED:
        return Verdict("No", _clauses(of_soundness), sure, _MEANING["unsound"], obstacles)
    if refuted:
        return Verdict("No", _clauses(refuted), sure, _MEANING["refuted"], obstacles)
    if material.check("BST004").get("answer") == "passed":
        return Verdict("Not yet", _clauses(list(obstacles)), sure, _MEANING["not yet"], obstacles)
    return Verdict("No", _clauses(list(obstacles)), sure, _MEANING["not proven"], obstacles)


def _plain(check: Figures) -> str:
    return _PLAIN.get((check["code"], check["answer"]), f"“{check['title']}” is {check['answer']}")


def _clauses(obstacles: list[Figures]) -> str:
    """The first two reasons; the rest stands below. What is not there at all need not be called luck as well."""
    codes = {each["code"] for each in obstacles}
    told = [each["plain"] for each in obstacles if each["code"] != "BST004" or "BST003" not in codes]
    return ", and ".join(told[:2])


def _earned(material: Material) -> str:
    details = material.check("BST006").get("details", {})
    low = material.check("BST006").get("figure")
    return (
        f"its bets are expected to earn {percent(details.get('expected_roi'), '+.1%')} a unit, and "
        f"{percent(low, '+.1%')} even if its edge is as small as it may be"
    )


def _sure(material: Material) -> tuple[str, ...]:
    """The evidence that it knows anything, beside what is needed, and what no skill at all would show."""
    check, needed = material.check("BST003"), material.check("BST004").get("threshold")
    z = check.get("figure")
    if z is None:
        words = "There is no evidence to weigh: the model never differs from the market, or there are too few games."
        return words, _money(material)
    trials = material.verdict["trials"]
    luck = odds_of_luck(float(ndtr(-z)))
    found, bar, alone = figure(z, "+.2f"), figure(needed, ".2f"), figure(check["threshold"], ".2f")
    words = (
        f"The evidence that it knows more than the market is z = {found}; {bar} is needed. "
        f"Were it the only model ever tried, {alone} would do; but all trials and all looks share one "
        f"chance of {percent(trials['alpha'], '.0%')} of taking luck for an edge (this is trial {trials['number']} of "
        f"{trials['planned']} planned, look {trials['look']}). Of models that know nothing, {luck} show as much."
    )
    return tuple(filter(None, (_leak(material), words, _needed(material), _money(material))))


def share_of_alpha(material: Material) -> str:
    """How the chance of a wrong yes is shared out over trials and looks, and what is left for this one."""
    check, trials = material.check("BST004"), material.verdict["trials"]
    alpha, planned, look = trials["alpha"], trials["planned"], trials["look"]
    level = check.get("details", {}).get("level")
    whole = percent(alpha, ".0%")
    words = (
        f"The first {planned} trials share half of {whole} alike, the next {2 * planned} a quarter, and so on; of a "
        "trial's share its first look has half, each further one half of the one before. However many follow, all of "
        f"them together never have more than {whole}."
    )
    if level is None:
        return words
    z = figure(check.get("threshold"), ".2f")
    return f"{words} Trial {trials['number']}, look {look} has {percent(level, '.4%')}: that is z = {z}."


def _leak(material: Material) -> str:
    """What a leak makes of every other figure."""
    found = material.check("BST009").get("answer") == "failed"
    return "A leak was found: whatever the figures below show, they may come from it." if found else ""


def _needed(material: Material) -> str:
    """How many more games would prove the effect, if it is real."""
    games, alone = (material.check(code).get("details", {}).get("games_needed") for code in ("BST004", "BST003"))
    if games is None:
        return ""
    about = material.about
    a_season = about["games"] / (about["last_test_season"] - about["first_test_season"] + 1)
    words = (
        f"If the effect is real and as large as it looks, about {count(games)} more games would prove it with a chance "
        f"of {percent(POWER, '.0%')}: {count(games / a_season)} seasons like those it was tested on"
    )
    if alone is not None:
        words += f" (the {count(alone)} of BST003 would do only for a model that is the only one ever tried)"
    return f"{words}. An effect so small is none to bet on." if games / a_season > _LIFETIME else f"{words}."


def _money(material: Material) -> str:
    """What the bets earned, beside coins on the same games."""
    figures, coin = material.money["figures"], material.money["same_bets"].get("coin", {})
    if not figures["bets"]:
        return "It found no bet worth placing, so there is no profit to look at."
    roi, low, high = (figures[f"unit_roi{end}"] for end in ("", "_low", "_high"))
    words = f"The {count(figures['bets'])} bets it would have placed returned {percent(roi, '+.1%')} on their stakes"
    words += f" (95 % interval {span(low, high, '+.1%')})" if low is not None else " (too few for an interval)"
    least, most = coin.get("luck_low"), coin.get("luck_high")
    if least is None or most is None or roi is None:
        return f"{words}."
    where = "within" if least <= roi <= most else "below" if roi < least else "above"
    return f"{words}, {where} what 95 % of coin flips on the same games return ({span(least, most, '+.1%')})."
