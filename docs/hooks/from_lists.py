"""Reference pages that are read from the lists the product keeps: leagues, markets, features, audit, errors."""

from __future__ import annotations

import ast
import inspect
import sys
from typing import Any

from from_code import table

__all__ = ["detectors", "exit_codes", "features", "leagues", "markets", "questions", "stakes"]

BUG = "A bug in busta. Run it again with `--debug` and report the traceback."
STAKES = {
    "flat": ("`bets.unit` of the first bankroll on every bet.", ""),
    "proportional": ("`bets.unit` of the current bankroll on every bet.", ""),
    "kelly": (
        "(win·b − lose) / (b·(win + lose)) of the current bankroll, b = price − 1.",
        "Kelly 1956; Thorp 2006; with a push as Kelly's argument gives it",
    ),
    "fractional-kelly": ("`bets.kelly_fraction` of Kelly, at most `bets.kelly_cap`.", "Thorp 2006"),
    "shrunk-kelly": (
        "Kelly times s² / (s² + ((b + 1)/b·sd)²), s the Kelly share, sd the error of the win probability, which earlier"
        " seasons show.",
        "Baker and McHale 2013",
    ),
    "simultaneous-kelly": (
        "The shares of all bets of a week that together let the bankroll grow fastest.",
        "Thorp 2006",
    ),
}


def exit_codes() -> str:
    """Every code with what it means, from the tree of errors."""
    from busta import errors
    from busta.cli import INTERRUPTED

    rows = [("0", "Done, or the answer is yes."), ("1", BUG)]
    kinds = sorted(errors.BustaError.__subclasses__(), key=lambda kind: kind.exit_code)
    rows += [(str(kind.exit_code), inspect.getdoc(kind) or "") for kind in kinds]
    rows.append((str(INTERRUPTED), "Stopped by the user; nothing is half-written."))
    return table(("code", "meaning"), rows)


def detectors() -> str:
    """Every detector of a table: what holds where there is no leak, what it does, and where it draws the line."""
    from busta.performance.audit.run import detectors as found

    return "\n\n".join(_detector(each) for each in found())


def _detector(detector: Any) -> str:
    module = sys.modules[detector.run.__module__]
    rows = [(f"`{name}`", f"`{value}`", text) for name, value, text in _constants(module)]
    parts = [
        f"### {detector.name} {{#{detector.name}}}",
        f"**Holds without a leak:** {detector.title}.",
        " ".join((inspect.getdoc(detector.run) or "").split()),
        table(("limit", "value", "why"), rows) if rows else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _constants(module: Any) -> list[tuple[str, Any, str]]:
    """Limits of a module that say why they are what they are."""
    body = ast.parse(inspect.getsource(module)).body
    found = []
    for line, text in zip(body, body[1:], strict=False):
        if isinstance(line, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            name = ast.unparse(line.targets[0])
            values = name.strip("()").split(", ")
            value = ", ".join(str(getattr(module, each)) for each in values)
            found.append((name, value, " ".join(str(text.value.value).split())))
    return found


def questions() -> str:
    """What is asked of our own store and training, besides the table."""
    from busta.workflows.judging import audit

    tree = ast.parse(inspect.getsource(audit))
    pairs = [tuple(each.elts[:2]) for each in ast.walk(tree) if isinstance(each, ast.Tuple) and _is_question(each)]
    rows = [tuple(part.value for part in pair) for pair in pairs if all(isinstance(p, ast.Constant) for p in pair)]
    return table(("question", "holds without a leak"), [(f"`{name}`", f"{title}.") for name, title in rows])


def _is_question(each: ast.Tuple) -> bool:
    texts = [part for part in each.elts[:2] if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return len(texts) == 2 and " " in texts[1].value and not texts[0].value.startswith((".", "-"))  # noqa: PLR2004


def leagues() -> str:
    """Every league that ships with busta."""
    from busta.plugins import leagues as found

    heads = ("league", "title", "teams", "sd of margins", "sd of totals", "home edge")
    rows = [
        (
            f"`{each.name}`",
            each.title,
            str(len(each.teams)),
            f"{each.margin_sd:g}",
            f"{each.total_sd:g}",
            f"{each.home_edge:g}",
        )
        for each in found().values()
    ]
    return table(heads, rows)


def markets() -> str:
    """Every market."""
    from busta.plugins import market_names
    from busta.plugins import markets as found

    heads = ("market", "other names", "first side", "second side", "decided by", "line")
    rows = [
        (
            f"`{name}`",
            ", ".join(f"`{alias}`" for alias in found()[name].aliases),
            *found()[name].sides,
            found()[name].quantity + (f" of `{found()[name].score}`" if found()[name].score else " of the final score"),
            "moves" if found()[name].has_line else "none",
        )
        for name in market_names()
    ]
    return table(heads, rows)


def features() -> str:
    """Every feature, a table a group."""
    from busta.workflows.data.build import catalog

    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in catalog():
        line = (f"`{row['name']}`", row["unit"], row["meaning"], row["known_at"], ", ".join(row["markets"]))
        groups.setdefault(row["group"], []).append(line)
    heads = ("feature", "unit", "meaning", "known", "markets")
    return "\n\n".join(f"## {name} {{#{name}}}\n\n{table(heads, rows)}" for name, rows in groups.items())


def stakes() -> str:
    """Every way to stake."""
    from busta.betting.staking_rules import RULES

    return table(("stakes", "stake of a bet", "source"), [(f"`{name}`", *STAKES[name]) for name in RULES])
