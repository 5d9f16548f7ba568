"""The charts of a report, made of its material; ``None`` where there is nothing to draw."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.reports.charts import Axis, Band, Bars, Chart, Line, Points, Sheet, Tip, nice
from busta.reports.numbers import count, figure, percent, span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.reports.charts import Layer
    from busta.reports.curves import Curves
    from busta.reports.material import Material

__all__ = ["calibration", "closing_value", "drawdown", "importances", "parts", "profit", "seasons"]

_SHOWN = 15
_STYLES = {"model": ("model", "circle", -4.0), "closing line": ("close hollow", "square", 4.0)}
"""Tone, shape and shift, by which two marks of one place are told from each other."""


def calibration(material: Material) -> Chart | None:
    """Said probability against what happened, in bins of as many games."""
    curves = {name: rows for name, rows in material.reliability.items() if rows}
    if not curves:
        return None
    ends = [row[end] for rows in curves.values() for row in rows for end in ("low", "high", "mean_p")]
    low, high = max(0.0, min(ends) - 0.02), min(1.0, max(ends) + 0.02)
    ticks = _ticks(low, high, "%")
    layers: list[Layer] = [Line("perfect", (low, high), (low, high), "rule")]
    for name, rows in curves.items():
        x, y, below, above = ([row[part] for row in rows] for part in ("mean_p", "rate", "low", "high"))
        tone, shape, shift = _STYLES[name]
        layers.append(Points(name, x, y, below, above, tone, shape, shift=shift))
    said = [(name, row) for name, rows in curves.items() for row in rows]
    figures = tuple(
        (name, percent(row["mean_p"]), percent(row["rate"]), span(row["low"], row["high"], ".1%"), count(row["count"]))
        for name, row in said
    )
    first = material.about["sides"][0]
    return Chart(
        name="calibration-chart",
        title="What was said against what happened",
        words=f"Each mark is a tenth of the games: across, the mean probability of “{first}” that was said; up, the "
        "share that happened, its whisker the 95 % interval of it. Whiskers that cross the dashed line may be perfect. "
        "Marks of model and line are set a little apart.",
        x=Axis(low, high, f"probability of “{first}” that was said", ticks),
        y=Axis(low, high, "share that happened", ticks),
        layers=tuple(layers),
        tips=tuple(
            Tip(
                row["mean_p"],
                row["rate"],
                f"{name}: said {percent(row['mean_p'])}, happened {percent(row['rate'])} "
                f"({span(row['low'], row['high'], '.1%')}), {count(row['count'])} games",
            )
            for name, row in said
        ),
        sheet=Sheet(("whose", "said", "happened", "95 % interval", "games"), figures),
        height=420,
    )


def profit(material: Material) -> Chart | None:
    """Units won or lost, week by week, one flat unit a bet."""
    found = material.curves
    if not len(found):
        return None
    x = [float(week) for week in range(len(found))]
    every = max(1, len(found) // 12)
    layers: list[Layer] = [
        Band("95 % of coin flips on the same games", x, found.coin_low.tolist(), found.coin_high.tolist(), "luck"),
        Band("95 % interval of the model's profit", x, found.low.tolist(), found.high.tolist(), "model"),
        Line("", (0.0, x[-1]), (0.0, 0.0), "zero"),
        Line("what the closing line expected of the same bets", x, found.expected.tolist(), "close", "square", every),
    ]
    if not np.isnan(found.favourite).all():
        name = "the favourite of the same games"
        layers.append(Line(name, x, found.favourite.tolist(), "favourite", "triangle", every))
    layers.append(Line("model", x, found.profit.tolist(), "model", "circle", every))
    shown = [found.coin_low, found.coin_high, found.profit, found.expected, found.favourite, found.low, found.high]
    ends = np.concatenate([np.zeros(1), *shown])
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    room = 0.04 * max(high - low, 1.0)
    low, high = low - room, high + room
    return Chart(
        name="profit-chart",
        title="Profit of one unit a bet, week by week",
        words=_ended(found),
        x=_weeks(found),
        y=Axis(low, high, "units", _ticks(low, high, "f", "+")),
        layers=tuple(layers),
        tips=tuple(Tip(x[i], float(found.profit[i]), _week_words(found, i)) for i in range(len(found))),
        sheet=_by_season(found),
        height=400,
    )


def _ended(found: Curves) -> str:
    model, low, high = (figure(ends[-1], "+.1f") for ends in (found.profit, found.coin_low, found.coin_high))
    return (
        f"After {count(found.bets[-1])} bets the model stands at {model} units "
        f"(95 % interval {span(found.low[-1], found.high[-1], '+.1f')}), where the closing line expected "
        f"{figure(found.expected[-1], '+.1f')} and 95 % of coin flips on the same games lie from {low} to {high}."
    )


def _week_words(found: Curves, at: int) -> str:
    return (
        f"{_week(found.weeks[at])}: {figure(found.profit[at], '+.1f')} units after {count(found.bets[at])} bets "
        f"({span(found.low[at], found.high[at], '+.1f')}); line expected {figure(found.expected[at], '+.1f')}; "
        f"coins {span(found.coin_low[at], found.coin_high[at], '+.1f')}"
    )


def _week(label: int) -> str:
    return f"{label // 100}, week {label % 100}"


def _weeks(found: Curves) -> Axis:
    """The weeks with a bet, one after the other; a season is written where it begins."""
    season = (found.weeks // 100).tolist()
    starts = [i for i, year in enumerate(season) if not i or year != season[i - 1]]
    ticks = tuple((float(i), str(season[i])) for i in starts)
    return Axis(0.0, max(float(len(found) - 1), 1.0), "weeks with a bet, by season", ticks)


def _by_season(found: Curves) -> Sheet:
    """Where every curve stood at the end of each season."""
    season = found.weeks // 100
    last = [i for i in range(len(found)) if i == len(found) - 1 or season[i] != season[i + 1]]
    rows = tuple(
        (
            f"end of {season[i]}",
            count(found.bets[i]),
            figure(found.profit[i], "+.1f"),
            span(found.low[i], found.high[i], "+.1f"),
            figure(found.expected[i], "+.1f"),
            figure(found.favourite[i], "+.1f"),
            span(found.coin_low[i], found.coin_high[i], "+.1f"),
        )
        for i in last
    )
    columns = ("", "bets", "profit, units", "95 % interval", "closing line expected", "favourites", "95 % of coins")
    return Sheet(columns, rows)


def drawdown(material: Material) -> Chart | None:
    """How far the bankroll stood below its peak, at the stakes of the back-test."""
    found = material.curves
    if not len(found):
        return None
    x, fall = [float(week) for week in range(len(found))], (-found.fall).tolist()
    deepest = int(np.argmin(fall))
    low = min(min(fall) * 1.08, -0.01)
    season = found.weeks // 100
    rows = tuple((str(year), percent(-max(found.fall[season == year]), ".1%")) for year in np.unique(season).tolist())
    return Chart(
        name="drawdown-chart",
        title="Bankroll below its peak",
        words=f"The deepest fall was {percent(-fall[deepest])} of the peak, in {_week(found.weeks[deepest])}.",
        x=_weeks(found),
        y=Axis(low, 0.0, "below the peak", _ticks(low, 0.0, "%", most=5)),
        layers=(
            Band("below the peak", x, fall, [0.0] * len(x), "loss"),
            Line("", x, fall, "loss"),
            Points("deepest", [x[deepest]], [fall[deepest]], [np.nan], [np.nan], "loss", "diamond"),
        ),
        tips=tuple(
            Tip(x[i], fall[i], f"{_week(found.weeks[i])}: {percent(-fall[i])} below the peak") for i in range(len(x))
        ),
        sheet=Sheet(("season", "deepest below the peak"), rows),
        height=240,
    )


def seasons(material: Material) -> Chart | None:
    """ROI of each season with a bet."""
    named = [(str(row["season"]), row) for row in material.money["by_season"]]
    return _forest("seasons-chart", "ROI by season", named, "season")


def parts(material: Material) -> Chart | None:
    """ROI of the bets by size of edge, role and side."""
    named = [(row["part"] if row["by"] != "edge claimed" else f"edge {row['part']}", row) for row in material.parts]
    return _forest("parts-chart", "ROI by size of edge, by role and by side", named, "bets")


def _forest(name: str, title: str, named: list[tuple[str, dict[str, Any]]], what: str) -> Chart | None:
    """A row a part, its ROI with its interval, read against 0."""
    named = [(part, row) for part, row in named if not np.isnan(_nan(row["unit_roi"]))]
    if not named:
        return None
    places = [float(len(named) - i) for i in range(len(named))]
    roi, low, high = ([_nan(row[f"unit_roi{end}"]) for _, row in named] for end in ("", "_low", "_high"))
    least, most = float(np.nanmin([*roi, *low, 0.0])), float(np.nanmax([*roi, *high, 0.0]))
    known = [ends for ends in zip(low, high, strict=True) if not np.isnan(ends).any()]
    room = 0.05 * max(most - least, 0.02)
    least, most = least - room, most + room
    figures = tuple((part, *_money(row)) for part, row in named)
    return Chart(
        name=name,
        title=title,
        words="One flat unit a bet. A mark is the ROI, its whisker the 95 % interval by week; no whisker means too few "
        f"bets for one. {sum(not a <= 0 <= b for a, b in known)} of {len(known)} intervals leave out 0; about one of "
        "twenty does by chance.",
        x=Axis(least, most, "ROI", _ticks(least, most, "%", "+")),
        y=Axis(0.4, len(named) + 0.6, what, tuple(zip(places, (part for part, _ in named), strict=True))),
        layers=(
            Line("", (0.0, 0.0), (0.4, len(named) + 0.6), "zero"),
            Points("ROI with its 95 % interval", roi, places, low, high, "model", "circle", across=True),
        ),
        tips=tuple(
            Tip(roi[i], places[i], f"{row[0]}: ROI {row[4]} ({row[5]}), {row[1]} bets") for i, row in enumerate(figures)
        ),
        sheet=Sheet((what, "bets", "hit rate", "profit, units", "ROI", "95 % interval"), figures),
        height=80.0 + 26.0 * len(named),
        grid_x=True,
    )


def _money(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        count(row["bets"]),
        percent(row["hit_rate"]),
        figure(row["unit_profit"], "+.1f"),
        percent(row["unit_roi"], "+.1%"),
        span(row["unit_roi_low"], row["unit_roi_high"], "+.1%"),
    )


def _ticks(low: float, high: float, kind: str, sign: str = "", most: int = 6) -> tuple[tuple[float, str], ...]:
    """Round values with as many digits as tell one from the next."""
    rows = [nice(low, high, partial(figure, form=f"{sign}.{digits}{kind}"), most) for digits in range(4)]
    return next((row for row in rows if len({label for _, label in row}) == len(row)), rows[-1])


def _nan(value: float | None) -> float:
    return np.nan if value is None else value


def closing_value(material: Material) -> Chart | None:
    """How many bets had which closing-line value."""
    rows = material.closing_histogram
    if not rows:
        return None
    low, high, bets = ([float(row[name]) for row in rows] for name in ("low", "high", "bets"))
    mean = material.money["figures"]["clv"]
    most = max(bets) * 1.08
    layers: list[Layer] = [Bars("bets", low, high, bets, "model"), Line("", (0.0, 0.0), (0.0, most), "zero")]
    if mean is not None:
        layers.append(Line("their mean", (mean, mean), (0.0, most), "close"))
    names = [f"{percent(a, '+.1%')} to {percent(b, '+.1%')}" for a, b in zip(low, high, strict=True)]
    return Chart(
        name="clv-chart",
        title="Bets by closing-line value",
        words=f"Mean {percent(mean, '+.2%')}. To the right of 0 the close says that the bet was a good one.",
        x=Axis(min(*low, 0.0), max(*high, 0.0), "closing-line value", _ticks(low[0], high[-1], "%", "+")),
        y=Axis(0.0, most, "bets", _ticks(0.0, most, "f", ",", min(5, int(max(bets))))),
        layers=tuple(layers),
        tips=tuple(
            Tip((low[i] + high[i]) / 2, bets[i], f"{name}: {count(bets[i])} bets") for i, name in enumerate(names)
        ),
        sheet=Sheet(("closing-line value", "bets"), tuple(zip(names, map(count, bets), strict=True))),
        height=280,
    )


def importances(material: Material) -> Chart | None:
    """Mean absolute part in a game's log-odds of the features that have most, with its range over the folds."""
    rows = [row for row in material.importances if (row.get("part") or 0) > 0][:_SHOWN]
    if not rows:
        return None
    places = [float(len(rows) - i) for i in range(len(rows))]
    part, low, high = ([_nan(row[name]) for row in rows] for name in ("part", "part_lowest_fold", "part_highest_fold"))
    most = float(np.nanmax([*part, *high])) * 1.05
    return Chart(
        name="features-chart",
        title=f"The {len(rows)} features that move a forecast most",
        words="A bar is a feature's mean absolute part in a game's log-odds, its whisker the range over the folds. "
        "A long whisker is a feature that mattered in some years and not in others.",
        x=Axis(0.0, most, "mean absolute part of the log-odds", _ticks(0.0, most, "f")),
        y=Axis(0.4, len(rows) + 0.6, "feature", tuple(zip(places, (str(row["feature"]) for row in rows), strict=True))),
        layers=(
            Bars("mean of the folds", [p - 0.3 for p in places], [p + 0.3 for p in places], part, "model", across=True),
            Points("lowest to highest fold", part, places, low, high, "ink", "diamond", across=True),
        ),
        tips=tuple(
            Tip(part[i], places[i], f"{row['feature']}: {part[i]:.3f}, folds {span(low[i], high[i], '.3f')}")
            for i, row in enumerate(rows)
        ),
        sheet=_all_features(material.importances),
        height=80.0 + 24.0 * len(rows),
        grid_x=True,
    )


def _all_features(rows: Sequence[dict[str, Any]]) -> Sheet:
    return Sheet(
        ("feature", "mean absolute part of the log-odds", "lowest to highest fold"),
        tuple(
            (
                str(row["feature"]),
                figure(row.get("part"), ".4f"),
                span(row.get("part_lowest_fold"), row.get("part_highest_fold"), ".4f"),
            )
            for row in rows
        ),
    )
