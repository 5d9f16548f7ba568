"""The tables of a report as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from busta.reports.charts import Sheet
from busta.reports.measures import LOSS_GAP
from busta.reports.numbers import NONE, always_on, count, figure, percent, span, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from busta.reports.material import Material

__all__ = ["baselines", "by_season", "model_facts", "returns", "sensitivity", "strategies", "use_facts", "vig_comment"]

Figures = dict[str, Any]


def model_facts(material: Material) -> tuple[tuple[str, str], ...]:
    """What the model is."""
    about = material.about
    blind = about["information"] == "blind"
    learns = "sees no price of the game itself" if blind else "starts from the market's price, learns a correction"
    price = "opening" if about["price"] == "open" else "closing"
    return (
        ("forecasts", f"{about['league_title']}, {about['market_title']}: {' or '.join(about['sides'])}"),
        ("information", f"{about['information']}: {learns}"),
        ("bets at", f"the {price} price"),
        ("type", "an ensemble of linear models and boosted trees, put together in log-odds"),
        ("test", f"walk forward of {about['folds']} folds: each season was forecast by a model of the games before"),
        ("role", " and ".join(about["aliases"]) or "none"),
    )


def use_facts(material: Material) -> tuple[tuple[str, str], ...]:
    """What the model is for, and where its knowledge ends."""
    about = material.about
    return (
        ("for", f"judging prices of {about['league_title']} games, on paper unless the verdict is “fit to bet”"),
        ("knows nothing of", "injuries, news and limits beyond its features and the market's price; other leagues"),
    )


def baselines(material: Material) -> Sheet:
    """The model beside every baseline, and its log loss less theirs."""
    evaluation = material.evaluation
    bar = evaluation["bar"]
    gaps = evaluation["gaps"] | {bar: evaluation["differences"]["log_loss"][bar]}
    rows = [("this model", figure(evaluation["metrics"]["log_loss"]), "", *_scores(evaluation["metrics"]))]
    for name, figures in evaluation["baselines"].items():
        gap = gaps[name]
        less = _with_span(gap["difference"], gap["low"], gap["high"], LOSS_GAP)
        rows.append((_baseline(name, material), figure(figures["log_loss"]), less, *_scores(figures)))
    columns = ("", "log loss", "the model's less it, 95 %", "Brier", "accuracy", "ECE", "bets", "ROI, 95 %")
    return Sheet(columns, tuple(rows))


def _with_span(value: float | None, low: float | None, high: float | None, form: str) -> str:
    """A figure, and its interval on a line below."""
    ends = span(low, high, form)
    return figure(value, form) if ends == NONE else f"{figure(value, form)}\n{ends}"


def _scores(figures: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        figure(figures["brier"]),
        percent(figures["accuracy"]),
        figure(figures["ece"]),
        count(figures["bets"]),
        _with_span(figures["roi"], figures["roi_low"], figures["roi_high"], "+.1%"),
    )


def _baseline(name: str, material: Material) -> str:
    if name == "home":
        return always_on(material.about["sides"][0])
    return words(name)


def strategies(material: Material) -> Sheet:
    """The model's bets beside what anybody could have bet on all games, and on the same games."""
    money = material.money
    rows = [("this model", *_money(money["figures"]))]
    for table, where in (("same_bets", "same games"), ("strategies", "all games")):
        for name, figures in money[table].items():
            if name == "coin":
                rows.append((f"{where}: a thousand coins", *_coins(figures)))
            else:
                rows.append((f"{where}: {words(name)}", *_money(figures)))
    columns = ("", "bets", "ROI, 95 %", "profit", "hit rate", "expected", "pushes", "CLV")
    if material.about["price"] == "close":  # nothing comes after the close
        return Sheet(columns[:-1], tuple(row[:-1] for row in rows))
    return Sheet(columns, tuple(rows))


def _coins(figures: Mapping[str, Any]) -> tuple[str, ...]:
    """The median of a thousand coins and where 95 % of them lie; what a single one did says nothing."""
    median = figures["luck_median"]
    profit = None if median is None or figures["bets"] is None else median * figures["bets"]
    return (
        count(figures["bets"]),
        _with_span(median, figures["luck_low"], figures["luck_high"], "+.1%"),
        figure(profit, "+.1f"),
        *(NONE, NONE),
        count(figures["pushes"]),
        NONE,
    )


def returns(material: Material) -> Sheet:
    """Every ROI that the report speaks of, and what each of them is."""
    money, check = material.money["figures"], material.check("BST006")
    details, bets = check.get("details", {}), money["bets"]
    expected = float(material.curves.expected[-1]) / bets if bets else None
    seen = _with_span(money["unit_roi"], money["unit_roi_low"], money["unit_roi_high"], "+.1%")
    rows = (
        ("seen", seen, f"what the {count(bets)} bets returned on their stakes, and its 95 % interval"),
        ("claimed by the model", percent(money["claimed_edge"], "+.1%"), "what its own probabilities promised"),
        (
            "by the fitted edge",
            percent(details.get("expected_roi"), "+.1%"),
            "what is to be expected if as much of its opinion is right as on all games, corrected for what was tried",
        ),
        (
            "at its lower bound",
            percent(check.get("figure"), "+.1%"),
            "the same if the fitted edge is as small as it may be; BST006 asks that this is above 0",
        ),
        (
            "expected by the closing line",
            percent(expected, "+.1%"),
            "what is left if the closing line is right and the model's opinion worth nothing: roughly, the vig is lost",
        ),
    )
    return Sheet(("ROI", "of a unit staked", "what it is"), rows)


def sensitivity(material: Material) -> Sheet:
    """The bets at worse prices, and had the market's probability been read by other methods."""
    found = material.money["sensitivity"]
    rows = [(f"prices pay {percent(row['slippage'], '.0%')} less", row) for row in found["slippage"]]
    rows += [(f"vig removed: {words(row['method'])}", row) for row in found["vig_method"]]
    return Sheet(
        ("", "bets", "ROI, 95 %", "profit", "hit rate"),
        tuple((name, *_money(row)[:4]) for name, row in rows),
    )


def vig_comment(material: Material) -> str:
    """Whether the answer hangs on how the vig is removed from the market's price."""
    rows = [row for row in material.money["sensitivity"]["vig_method"] if row["unit_roi"] is not None]
    if not rows:
        return ""
    bets, roi = [row["bets"] for row in rows], [row["unit_roi"] for row in rows]
    made = f"from {count(min(bets))} to {count(max(bets))}" if min(bets) < max(bets) else f"the same {count(bets[0])}"
    said = (
        f"By the {len(rows)} ways of removing the vig it makes {made} bets, and the ROI goes from "
        f"{percent(min(roi), '+.1%')} to {percent(max(roi), '+.1%')}"
    )
    if any(row["unit_roi_low"] is not None and row["unit_roi_low"] > 0 for row in rows):
        return f"{said}; an interval above 0 was picked among {len(rows)}."
    return f"{said}; by none is the interval above 0, so the answer does not hang on the way."


def _money(figures: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        count(figures["bets"]),
        _with_span(figures["unit_roi"], figures["unit_roi_low"], figures["unit_roi_high"], "+.1%"),
        figure(figures["unit_profit"], "+.1f"),
        percent(figures["hit_rate"]),
        percent(figures.get("closing_line_hit_rate")),
        count(figures["pushes"]),
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
            _with_span(row["roi"], row["roi_low"], row["roi_high"], "+.1%"),
        )
        for row in material.evaluation["by_season"]
    )
    columns = ("season", "games", "log loss", "the line's", "accuracy", "the line's", "bets", "ROI, 95 % by week")
    return Sheet(columns, rows)
