"""The tables and tiles of a report as texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from busta.reports.charts import Sheet
from busta.reports.numbers import NONE, count, figure, percent, span, tidy, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from busta.reports.material import Material

__all__ = ["Tile", "baselines", "by_season", "notes", "reasons", "sensitivity", "strategies", "tiles"]

Figures = dict[str, Any]

_SCORES = ("log_loss", "brier", "accuracy", "ece", "bets", "roi", "roi_low", "roi_high")
_MONEY = ("bets", "pushes", "hit_rate", "closing_line_hit_rate", "unit_roi", "unit_roi_low", "unit_roi_high")
_COLUMNS = {
    "figures": (*_MONEY, "clv", "risk_of_ruin", "max_drawdown"),
    "scores": ("log_loss", "brier", "accuracy"),
    "strategies": _MONEY,
    "same_bets": _MONEY,
    "baselines": _SCORES,
    "by_season": _SCORES,
}
"""By what a note is about, which names the figures that it explains: those that the tables show."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A key figure: what it is, its value, what stands beside it, and what it says."""

    title: str
    value: str
    beside: tuple[tuple[str, str], ...]
    says: str


def tiles(material: Material) -> tuple[Tile, ...]:
    """The key figures, each beside the closing line's."""
    return (
        _log_loss(material),
        _accuracy(material),
        _calibration(material),
        _roi(material),
        _closing_value(material),
        _drawdown(material),
    )


def _log_loss(material: Material) -> Tile:
    bar = material.evaluation["bar"]
    parts = material.evaluation["differences"]["log_loss"]
    gap, line = parts[bar], material.evaluation["baselines"]["closing_line"]
    return Tile(
        "Log loss",
        figure(parts["value"]),
        (
            ("95 % interval", span(parts["low"], parts["high"])),
            ("closing line", figure(line["log_loss"])),
            ("difference from the bar", figure(gap["difference"], "+.4f")),
            ("its 95 % interval", span(gap["low"], gap["high"], "+.4f")),
        ),
        f"Lower is better. {tidy(material.evaluation['verdict']).capitalize()}.",
    )


def _accuracy(material: Material) -> Tile:
    scores = material.money["scores"]
    model, line = scores["model"], scores["closing_line"]
    return Tile(
        "Picked the right side",
        percent(model["accuracy"]),
        (
            ("95 % interval", span(model.get("accuracy_low"), model.get("accuracy_high"), ".1%")),
            ("closing line", percent(line["accuracy"])),
            ("its 95 % interval", span(line.get("accuracy_low"), line.get("accuracy_high"), ".1%")),
            ("games", count(model["games"])),
        ),
        "How often the likelier side won. It says little: what counts is by how much it beats the price.",
    )


def _calibration(material: Material) -> Tile:
    metrics, line = material.evaluation["metrics"], material.evaluation["baselines"]["closing_line"]
    ece, luck = metrics["ece"], metrics["ece_luck_95"]
    says = "Mean distance between what is said and what happens."
    if ece is not None and luck is not None:
        says += " No more than luck alone gives." if ece <= luck else " More than luck alone gives."
    return Tile(
        "Calibration error (ECE)",
        figure(ece),
        (
            ("luck alone, on average", figure(metrics["ece_luck"])),
            ("luck alone, 95 % below", figure(luck)),
            ("closing line", figure(line["ece"])),
            ("slope (1 is perfect)", figure(metrics["calibration_slope"], ".2f")),
        ),
        says,
    )


def _roi(material: Material) -> Tile:
    money, coin = material.money["figures"], material.money["same_bets"].get("coin", {})
    bets = money["bets"]
    expected = material.curves.expected[-1] / bets if bets else None
    return Tile(
        f"ROI of {count(bets)} bets",
        percent(money["unit_roi"], "+.1%"),
        (
            ("95 % interval", span(money["unit_roi_low"], money["unit_roi_high"], "+.1%")),
            ("closing line expected", percent(expected, "+.1%")),
            ("95 % of coin flips", span(coin.get("luck_low"), coin.get("luck_high"), "+.1%")),
            ("edge it claimed", percent(money["claimed_edge"], "+.1%")),
        ),
        "Profit over stakes, one flat unit a bet." if bets else "No bet had the edge that is asked for.",
    )


def _closing_value(material: Material) -> Tile:
    money = material.money["figures"]
    if material.about["price"] == "close":
        why = "Bets are placed at the close itself, so there is no later line to compare with."
        return Tile("Closing-line value", "does not apply", (), why)
    return Tile(
        "Closing-line value",
        percent(money["clv"], "+.2%"),
        (
            ("95 % interval", span(money["clv_low"], money["clv_high"], "+.2%")),
            ("bets with a close", percent(money["clv_coverage"], ".0%")),
            ("points the line moved", figure(money["clv_points"], "+.2f")),
        ),
        "Expected profit of the bets by the closing market. Above 0 the market came to agree.",
    )


def _drawdown(material: Material) -> Tile:
    money = material.money["figures"]
    return Tile(
        "Deepest fall of the bankroll",
        percent(money["max_drawdown"]) if money["bets"] else NONE,
        (
            ("weeks from peak to recovery or end", count(money["drawdown_weeks"])),
            ("bets lost in a row", count(money["longest_losing_run"])),
            ("risk of ruin", percent(money["risk_of_ruin"])),
        ),
        f"At {material.money['rules']['stakes']} stakes from a bankroll of {material.money['rules']['bankroll']:g}.",
    )


def baselines(material: Material) -> Sheet:
    """The model beside every baseline, and its log loss less theirs."""
    evaluation = material.evaluation
    bar = evaluation["bar"]
    gaps = evaluation["gaps"] | {bar: evaluation["differences"]["log_loss"][bar]}
    rows = [("this model", figure(evaluation["metrics"]["log_loss"]), "", "", *_scores(evaluation["metrics"]))]
    for name, figures in evaluation["baselines"].items():
        gap = gaps[name]
        less = figure(gap["difference"], "+.4f"), span(gap["low"], gap["high"], "+.4f")
        rows.append((_baseline(name, material), figure(figures["log_loss"]), *less, *_scores(figures)))
    columns = ("", "log loss", "model less it", "95 %", "Brier", "accuracy", "ECE", "bets", "ROI", "95 %")
    return Sheet(columns, tuple(rows))


def _scores(figures: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        figure(figures["brier"]),
        percent(figures["accuracy"]),
        figure(figures["ece"]),
        count(figures["bets"]),
        percent(figures["roi"], "+.1%"),
        span(figures["roi_low"], figures["roi_high"], "+.1%"),
    )


def _baseline(name: str, material: Material) -> str:
    if name == "home":
        return "every over" if material.about["market"] == "totals" else "home side"
    return words(name)


def strategies(material: Material) -> Sheet:
    """The model's bets beside what anybody could have bet on all games, and on the same games."""
    money = material.money
    rows = [("this model", *_money(money["figures"]))]
    rows += [(f"same games: {words(name)}", *_money(figures)) for name, figures in money["same_bets"].items()]
    rows += [(f"all games: {words(name)}", *_money(figures)) for name, figures in money["strategies"].items()]
    columns = ("", "bets", "pushes", "hit rate", "expected", "profit", "ROI", "95 %", "CLV")
    if material.about["price"] == "close":  # nothing comes after the close
        return Sheet(columns[:-1], tuple(row[:-1] for row in rows))
    return Sheet(columns, tuple(rows))


def sensitivity(material: Material) -> Sheet:
    """The bets at worse prices, and had the market's probability been read by other methods."""
    found = material.money["sensitivity"]
    rows = [(f"prices pay {percent(row['slippage'], '.0%')} less", row) for row in found["slippage"]]
    rows += [(f"vig removed: {words(row['method'])}", row) for row in found["vig_method"]]
    return Sheet(
        ("", "bets", "hit rate", "profit", "ROI", "95 %"),
        tuple((name, *(cell for i, cell in enumerate(_money(row)[:7]) if i not in (1, 3))) for name, row in rows),
    )


def _money(figures: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = (figures.get(f"luck_{end}", figures[f"unit_roi_{end}"]) for end in ("low", "high"))
    return (
        count(figures["bets"]),
        count(figures["pushes"]),
        percent(figures["hit_rate"]),
        percent(figures.get("closing_line_hit_rate")),
        figure(figures["unit_profit"], "+.1f"),
        percent(figures["unit_roi"], "+.1%"),
        span(low, high, "+.1%"),
        percent(figures["clv"], "+.1%"),
    )


def by_season(material: Material) -> Sheet:
    """Scores of each test season beside the closing line's."""
    rows = tuple(
        (
            str(row["season"]),
            count(row["games"]),
            figure(row["log_loss"]),
            figure(row["closing_line_log_loss"]),
            percent(row["accuracy"]),
            percent(row["closing_line_accuracy"]),
            count(row["bets"]),
            percent(row["roi"], "+.1%"),
            span(row["roi_low"], row["roi_high"], "+.1%"),
        )
        for row in material.evaluation["by_season"]
    )
    columns = ("season", "games", "log loss", "the line's", "accuracy", "the line's", "bets", "ROI", "95 % by week")
    return Sheet(columns, rows)


def reasons(material: Material, *names: str) -> tuple[tuple[str, str], ...]:
    """The notes under those names, or below them, on figures that the tables show; equal ones told once."""
    found: dict[str, list[str]] = {}
    for name, note in material.notes.items():
        if name in names or name.partition(".")[0] in names:
            told = "; ".join(_shown(note, name.partition(".")[0]))
            if told:
                found.setdefault(tidy(told), []).append(words(name.partition(".")[2] or name))
    return tuple((", ".join(of), told) for told, of in found.items())


def notes(material: Material) -> tuple[tuple[str, str], ...]:
    """Every note, equal ones told once."""
    found: dict[str, list[str]] = {}
    for name, note in material.notes.items():
        found.setdefault(tidy(note.replace("_", " ")), []).append(name)
    return tuple((_together(names), note) for note, names in found.items())


def _together(names: list[str]) -> str:
    """Names such as ``strategies.home`` with what they share told once."""
    below: dict[str, list[str]] = {}
    for name in names:
        first, dot, rest = name.partition(".")
        below.setdefault(words(first), []).extend([words(rest)] if dot else [])
    return "; ".join(f"{first}: {', '.join(rest)}" if rest else first for first, rest in below.items())


def _shown(note: str, about: str) -> Iterator[str]:
    """Of clauses such as ``hit_rate, roi: every bet was a push`` those on figures that the tables show."""
    if about not in _COLUMNS:
        yield note
        return
    for clause in note.split("; "):
        names, colon, reason = clause.partition(": ")
        shown = [words(name) for name in names.split(", ") if name in _COLUMNS[about]]
        if shown or not colon:
            yield f"{', '.join(dict.fromkeys(shown))}: {reason}" if colon else clause
