"""The figures of a ledger's bets, those on paper or those for money, by the formulas of the back-test."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.performance.simulation.bankroll import Ledger as Run
from busta.performance.simulation.bets import Bets
from busta.performance.simulation.closing import TOO_FEW_CLOSES, closing_figures
from busta.performance.simulation.figures import account as account_of
from busta.performance.simulation.figures import no_bets, reasons

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from busta.ledger.fold import Account, Bet
    from busta.settings import Settings
    from busta.workflows.bets.closing import Closed

    Floats = NDArray[np.float64]

__all__ = ["figures_of", "run_of", "week_of"]

WEEK_BEGINS = timedelta(hours=36)
"""After Monday, midnight UTC: Tuesday noon, when the last games of a weekend are over everywhere."""
COUNTS = ("bets", "won", "lost", "pushes", "voids")
MONEY = ("turnover", "profit", "roi", "roi_low", "roi_high", "unit_profit", "unit_roi", "unit_roi_low", "unit_roi_high")
RATES = ("hit_rate", "break_even_hit_rate", "mean_price", "claimed_edge")
PATH = ("max_drawdown", "drawdown_weeks", "longest_losing_run")
CLV = ("clv", "clv_low", "clv_high", "clv_coverage", "clv_points")


def week_of(moment: datetime) -> int:
    """A label of the week of a moment, which sorts by time; weeks begin on Tuesday, noon UTC."""
    year, week, _ = (moment - WEEK_BEGINS).isocalendar()
    return 100 * year + week


def figures_of(settings: Settings, account: Account, closed: Mapping[str, Closed], *, paper: bool) -> dict[str, Any]:
    """Every figure of the bets on paper, or of those for money.

    Args:
        settings: The settings: the bankroll of the first day.
        account: What the log amounts to.
        closed: The closing-line value of each settled bet.
        paper: Which bets.

    Returns:
        Figures; those that do not apply are ``None``, with the reason under ``notes``.
    """
    bets, start = account.of(paper=paper), settings.ledger.bankroll
    done = _done(account, paper=paper)
    run, index = run_of(settings, account, paper=paper), np.arange(len(done))
    bankroll, at_stake = account.bankroll(start, paper=paper), account.at_stake(paper=paper)
    figures, why = _figures(run, done, closed, (*COUNTS, *MONEY, *RATES, *PATH))
    if len(done) < len(bets) and not done:
        why = dict.fromkeys(why, "no bet is settled yet")
    return {
        "bankroll": bankroll,
        "bankroll_start": start,
        "moved": account.moved(paper=paper),
        "open": sum(bet.state == "open" for bet in bets),
        "at_stake": at_stake,
        "available": bankroll - at_stake,
        "drawdown_now": float(1 - run.path[-1] / run.path.max()),
        **figures,
        "by_book": _parts(run, done, closed, index, "book"),
        "by_market": _parts(run, done, closed, index, "market"),
        "weeks": _weeks(run),
        "notes": why | _notes(bets, run),
    }


def _done(account: Account, *, paper: bool) -> list[Bet]:
    """Settled and void bets by the start of their games."""
    return sorted((bet for bet in account.of(paper=paper) if bet.state != "open"), key=lambda bet: bet.kickoff)


def run_of(settings: Settings, account: Account, *, paper: bool) -> Run:
    """Settled and void bets as a back-test has them: placed together and settled together, week by week.

    Money that came or went changes the bankroll a week begins with, and is no gain or loss: the path is that
    of the first bankroll multiplied by what each week's bets did to it (the time-weighted return).
    """
    bets, start = _done(account, paper=paper), settings.ledger.bankroll
    labels = np.array([week_of(bet.kickoff) for bet in bets], dtype=np.int64)
    weeks, week = np.unique(labels, return_inverse=True)
    stake = np.array([bet.stake for bet in bets], dtype=np.float64)
    profit = np.array([np.nan if bet.void else bet.profit for bet in bets], dtype=np.float64)
    gain = np.bincount(week, np.nan_to_num(profit), minlength=len(weeks)).astype(np.float64)
    money = [(week_of(at), amount) for at, on_paper, amount in account.moves if on_paper == paper]
    put_in = np.array([sum(amount for when, amount in money if when <= label) for label in weeks], dtype=np.float64)
    held = start + put_in + np.cumsum(gain) - gain
    factor = np.where(held > 0, 1 + gain / np.where(held > 0, held, 1.0), 0.0)
    end = (start * np.cumprod(np.maximum(factor, 0.0))).astype(np.float64)
    begin = np.concatenate(([start], end))[: len(end)]
    share = stake / np.maximum(held[week], 1e-9)
    return Run(_as_bets(bets), profit / stake, share, "current", stake, profit, weeks, week, begin, end, start)


def _as_bets(bets: Sequence[Bet]) -> Bets:
    """The bets as arrays; one that no model had a say in has no probabilities."""
    nothing = {"win": np.nan, "lose": np.nan}
    said = [bet.body["probability"] or nothing for bet in bets]
    return Bets(
        np.arange(len(bets)),
        np.array([bet.first_side for bet in bets], dtype=np.bool_),
        np.array([bet.body["price"] for bet in bets], dtype=np.float64),
        np.array([each["win"] for each in said], dtype=np.float64),
        np.array([each["lose"] for each in said], dtype=np.float64),
        np.array([np.nan if bet.body["edge"] is None else bet.body["edge"] for bet in bets], dtype=np.float64),
    )


def _figures(
    run: Run, bets: Sequence[Bet], closed: Mapping[str, Closed], names: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Those figures and the closing-line value; of each that does not apply ``None``, and why."""
    found = account_of(run)
    settled = [bet for bet in bets if bet.state == "settled"]
    values = [closed.get(bet.key, (np.nan, np.nan, None)) for bet in settled]
    weeks = run.weeks[run.week[run.settled]].astype(np.int64)
    value, points = (np.array([each[part] for each in values], dtype=np.float64) for part in (0, 1))
    clv = closing_figures(value, points, weeks)
    shown = {name: found[name] for name in names} | clv
    why = {name: text for name, text in reasons(found, probabilities=True).items() if name in names}
    if settled and np.isnan(found["claimed_edge"]) and "claimed_edge" in names:
        why["claimed_edge"] = "not every bet has a probability of its own"
    return {name: _null(figure) for name, figure in shown.items()}, why | _why_no_clv(clv, values, found)


def _why_no_clv(clv: Mapping[str, float], values: Sequence[Closed], found: Mapping[str, float]) -> dict[str, str]:
    empty = [name for name in CLV if np.isnan(clv[name])]
    if not found["bets"]:
        return dict.fromkeys(empty, no_bets(found))
    if np.isnan(clv["clv"]):
        return dict.fromkeys(empty, "; ".join(sorted({why for *_, why in values if why})) or "no bet has a close")
    why = dict.fromkeys(empty, TOO_FEW_CLOSES)
    return why | ({"clv_points": "no bet has a line that could move"} if "clv_points" in empty else {})


def _parts(
    run: Run, bets: Sequence[Bet], closed: Mapping[str, Closed], index: NDArray[np.intp], name: str
) -> list[dict[str, Any]]:
    """The figures of each book, or of each market."""
    rows = []
    for part in sorted({bet.body[name] for bet in bets}):
        these = index[[bet.body[name] == part for bet in bets]]
        arrays = ("unit_profit", "share", "stake", "profit", "week")
        some = replace(run, bets=run.bets.take(these), **{each: getattr(run, each)[these] for each in arrays})
        figures, why = _figures(some, [bets[i] for i in these], closed, (*COUNTS, *MONEY))
        rows.append({name: part, **figures, "notes": why})
    return rows


def _weeks(run: Run) -> list[dict[str, Any]]:
    """Profit and bankroll by week: the curve."""
    gain = np.bincount(run.week, np.nan_to_num(run.profit), minlength=len(run.weeks))
    rows = zip(run.weeks.tolist(), gain.tolist(), run.end.tolist(), strict=True)
    return [
        {"week": f"{label // 100}-W{label % 100:02d}", "profit": profit, "index": end} for label, profit, end in rows
    ]


def _notes(bets: Sequence[Bet], run: Run) -> dict[str, str]:
    notes = {}
    if late := sum(bool(bet.body["late"]) for bet in bets):
        notes["late"] = f"{late} of {len(bets)} bets were recorded after their games had begun"
    if anew := sum(len(bet.settlements) > 1 for bet in bets):
        notes["resettled"] = f"{anew} bets were settled anew after a correction"
    if (run.end <= 0).any():
        notes["broke"] = "the bankroll was lost, or more was staked than it held; its path ends there"
    return notes


def _null(figure: float) -> float | None:
    return None if isinstance(figure, float) and not np.isfinite(figure) else figure
