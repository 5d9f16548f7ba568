"""The key figures of a report, each beside the closing line's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from busta.reports.measures import LOSS_GAP
from busta.reports.numbers import NONE, count, figure, percent, span, tidy

if TYPE_CHECKING:
    from busta.reports.material import Material

__all__ = ["Tile", "tiles"]


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
            ("difference from the bar", figure(gap["difference"], LOSS_GAP)),
            ("its 95 % interval", span(gap["low"], gap["high"], LOSS_GAP)),
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
            (f"risk of falling to {percent(material.money['rules']['ruin'], '.0%')}", percent(money["risk_of_ruin"])),
        ),
        f"At {material.money['rules']['stakes']} stakes from a bankroll of {material.money['rules']['bankroll']:g}.",
    )
