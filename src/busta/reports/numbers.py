"""Figures as text: one form a kind, a dash for what does not apply."""

from __future__ import annotations

import math
import re
from typing import Any

__all__ = [
    "NONE",
    "always_on",
    "count",
    "counted",
    "figure",
    "odds_of_luck",
    "percent",
    "short",
    "span",
    "tidy",
    "words",
]

NONE, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
_SIGN = re.compile(r"(?<![\w.)\]])-(?=[\d.])")
_NOTHING = re.compile(r"(?<![\w.)\]])[-+](?=0(?:\.0+)?(?!\.?\d))")
_NAMES = {
    "ats": "spreads",
    "moneyline": "moneylines",
    "closing_line": "closing line",
    "closing_line_recalibrated": "closing line, recalibrated",
    "opening_line": "opening line",
    "elo": "Elo only",
    "favourite": "favourite",
    "log_loss": "log loss",
    "brier": "Brier score",
    "auc": "AUC",
    "ece": "ECE",
    "clv": "closing-line value",
    "unit_profit": "profit",
    "claimed_edge": "edge it claimed",
    "vig_method": "vig removed otherwise",
    "same_bets": "same games",
    "strategies": "all games",
    **dict.fromkeys(("roi", "unit_roi"), "ROI"),
    **dict.fromkeys(("roi_low", "roi_high", "unit_roi_low", "unit_roi_high"), "interval of the ROI"),
    "closing_line_log_loss": "the line's log loss",
    "closing_line_accuracy": "the line's accuracy",
    "closing_line_hit_rate": "hit rate the closing line expected",
    "max_drawdown": "deepest fall",
}


def figure(value: float | None, form: str = ".4f") -> str:
    """A number by a format, with a real minus; a dash for ``None``, NaN and infinity.

    >>> figure(0.5, "+.2f"), figure(-0.00001, "+.3f"), figure(None) == NONE
    ('+0.50', '0.000', True)
    """
    if value is None or not math.isfinite(value):
        return NONE
    text = format(value, form)
    if not re.search("[1-9]", text):
        text = text.lstrip("+-")
    return text.replace("-", MINUS)  # which lines up with +


def percent(value: float | None, form: str = ".1%") -> str:
    """A share in percent; ``+.1%`` shows its sign.

    >>> percent(0.0951, "+.1%"), percent(None) == NONE
    ('+9.5%', True)
    """
    return figure(value, form)


def always_on(side: str) -> str:
    """The baseline that is on that side in every game.

    >>> always_on("home"), always_on("over")
    ('home side', 'every over')
    """
    return "home side" if side == "home" else f"every {side}"


def count(value: float | None) -> str:
    """A whole number with thousands set apart.

    >>> count(1234567.2)
    '1,234,567'
    """
    return figure(value, ",.0f")


def counted(number: int, what: str) -> str:
    """A count of things, one of them without an s.

    >>> counted(1, "leak"), counted(1500, "game")
    ('1 leak', '1,500 games')
    """
    return f"{count(number)} {what}{'' if number == 1 else 's'}"


def span(low: float | None, high: float | None, form: str = ".4f") -> str:
    """An interval; a dash where an end is missing.

    >>> span(0.1, 0.25, "+.1%"), span(None, 1.0) == NONE
    ('+10.0% to +25.0%', True)
    """
    ends = figure(low, form), figure(high, form)
    return NONE if NONE in ends else " to ".join(ends)


def short(value: float | None) -> str:
    """A figure of unknown size with as many digits as a person reads.

    >>> short(66787.2), short(3.2265), short(0.017544), short(-9e-06)
    ('66,787', '3.23', '0.0175', '0.0000')
    """
    size = 0.0 if value is None else abs(value)
    return figure(value, ",.0f" if size >= 100 else ".2f" if size >= 1 else ".4f")  # noqa: PLR2004


def odds_of_luck(p: float) -> str:
    """A probability in words that a person can weigh.

    >>> odds_of_luck(0.16), odds_of_luck(0.00002), odds_of_luck(0.999)
    ('16 of 100', '1 of 50,000', 'more than 99 of 100')
    """
    if p > 0.99:  # noqa: PLR2004
        return "more than 99 of 100"
    if p >= 0.02:  # noqa: PLR2004
        return f"{100 * p:.0f} of 100"
    if p >= 1e-9:  # noqa: PLR2004
        return f"1 of {float(f'{1 / p:.1e}'):,.0f}"
    return "fewer than 1 of 1,000,000,000"


def tidy(text: Any) -> str:
    """Words with numbers in them as the rest of the page writes numbers: a real minus, no sign at nothing.

    >>> tidy("log loss -0.0213 against elo, 2012-2014, BST-1").replace(MINUS, "minus ")
    'log loss minus 0.0213 against elo, 2012-2014, BST-1'
    >>> tidy("from -0.0000 to +0.0%")
    'from 0.0000 to 0.0%'
    """
    return _SIGN.sub(MINUS, _NOTHING.sub("", str(text)))


def words(name: str) -> str:
    """A figure's or baseline's name as a person says it.

    >>> words("closing_line"), words("hit_rate")
    ('closing line', 'hit rate')
    """
    return _NAMES.get(name, name.replace("_", " "))
