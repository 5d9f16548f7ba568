"""The ledger as a person reads it: tiles and a curve, of real money and of paper apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.reports.charts import Axis, Chart, Line, Sheet, Tip, nice
from busta.reports.numbers import NONE, count, counted, figure, percent, span
from busta.reports.tiles import Tile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Account", "accounts"]

TOLD = 16
"""Weeks of a curve that are told in words: the page is to stay small."""


@dataclass(frozen=True, slots=True)
class Account:
    """Bets for money, or those on paper.

    Attributes:
        name: ``real`` or ``paper``.
        title: For people.
        figures: As ``busta bets show`` prints them.
        tiles: The key figures.
        curve: Profit by week; ``None`` before the first bet is settled.
    """

    name: str
    title: str
    figures: Mapping[str, Any]
    tiles: tuple[Tile, ...]
    curve: Chart | None


_TITLES = {"real": "Real money", "paper": "On paper"}


def accounts(shown: Mapping[str, Any]) -> list[Account]:
    """Both accounts; one that nothing was ever done with is left out."""
    used = [name for name in _TITLES if _used(shown[name])]
    return [
        Account(name, _TITLES[name], shown[name], _tiles(shown[name]), _curve(name, shown[name]["weeks"]))
        for name in used
    ]


def _used(figures: Mapping[str, Any]) -> bool:
    return bool(figures["bets"] or figures["open"] or figures["voids"] or figures["moved"])


def _tiles(f: Mapping[str, Any]) -> tuple[Tile, ...]:
    notes = f["notes"]
    return (
        Tile(
            "Bankroll",
            money(f["bankroll"]),
            (("begun with", money(f["bankroll_start"])), ("put in since", money(f["moved"], "+"))),
            f"{counted(f['open'], 'open bet')} with {money(f['at_stake'])} on them; {money(f['available'])} is free.",
        ),
        Tile(
            "Profit",
            money(f["profit"], "+"),
            (
                ("ROI", percent(f["roi"], "+.1%")),
                ("95 % interval", span(f["roi_low"], f["roi_high"], "+.1%")),
                ("staked in all", money(f["turnover"])),
                ("won, lost, push", "\N{EN DASH}".join(count(f[name]) for name in ("won", "lost", "pushes"))),
            ),
            _why(notes, "roi", "roi_low"),
        ),
        Tile(
            "Closing-line value",
            percent(f["clv"], "+.1%"),
            (
                ("95 % interval", span(f["clv_low"], f["clv_high"], "+.1%")),
                ("known of", percent(f["clv_coverage"], ".0%")),
                ("points", figure(f["clv_points"], "+.2f")),
            ),
            _why(notes, "clv", "clv_low") or "Above 0: the prices taken were better than the market's last.",
        ),
        Tile(
            "Draw-down",
            percent(f["drawdown_now"]),
            (("at worst", percent(f["max_drawdown"])), ("lost in a row", count(f["longest_losing_run"]))),
            "How far the bankroll is below its highest so far.",
        ),
    )


def _why(notes: Mapping[str, str], *names: str) -> str:
    """The reason why the first of those figures is missing."""
    found = next((notes[name] for name in names if name in notes), "")
    return f"{found[:1].upper()}{found[1:]}." if found else ""


def money(amount: float | None, sign: str = "") -> str:
    """An amount with two digits."""
    return NONE if amount is None else figure(amount, f"{sign},.2f")


def _curve(name: str, weeks: Sequence[Mapping[str, Any]]) -> Chart | None:
    """Profit since the first bet, week by week."""
    if not weeks:
        return None
    x = np.arange(len(weeks) + 1, dtype=float)
    profit = np.concatenate([[0.0], np.cumsum([week["profit"] for week in weeks])])
    low, high = float(profit.min()), float(profit.max())
    room = 0.08 * max(high - low, 1.0)
    ticks = nice(low - room, high + room, lambda value: figure(value, "+,.0f" if high - low > 5 else "+.1f"))  # noqa: PLR2004
    every = -(-len(weeks) // TOLD)
    told = range((len(weeks) - 1) % every, len(weeks), every)
    labels = tuple((float(i + 1), week["week"]) for i, week in enumerate(weeks))
    return Chart(
        name=f"{name}-curve",
        title="Profit, week by week",
        words=f"After {counted(len(weeks), 'week')} with settled bets it stands at {money(float(profit[-1]), '+')}.",
        x=Axis(0.0, x[-1], "week", labels),
        y=Axis(low - room, high + room, "profit", ticks),
        layers=(
            Line("", (0.0, x[-1]), (0.0, 0.0), "zero"),
            Line("profit", x.tolist(), profit.tolist(), "model", "circle", max(1, len(x) // 12)),
        ),
        tips=tuple(
            Tip(i + 1.0, float(profit[i + 1]), f"{weeks[i]['week']}: {money(float(profit[i + 1]), '+')} in all")
            for i in told
        ),
        sheet=Sheet(
            ("week", "profit", "in all"),
            tuple(
                (weeks[i]["week"], money(weeks[i]["profit"], "+"), money(float(profit[i + 1]), "+"))
                for i in range(max(0, len(weeks) - TOLD), len(weeks))
            ),
        ),
        height=260,
    )
