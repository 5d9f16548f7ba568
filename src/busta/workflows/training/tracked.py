"""What a pipeline tracks: figures that are the same whenever they are made again, as JSON, and CSV to plot.

No time, duration, run id or version number is among them: the files of a clone that makes all anew are the same,
byte for byte.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.data.publish import atomic_write
from busta.errors import UsageError
from busta.performance.simulation.bankroll import simulate
from busta.reports.curves import curves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from busta.performance.evaluation import Evaluation
    from busta.performance.forecasts import Forecasts

__all__ = ["as_file", "as_folder", "write_evaluated", "write_judged", "write_trained"]

_KIND = ("model", "league", "market", "information", "price")
_TESTED = ("games", "first_test_season", "last_test_season")
_SCORES = ("log_loss", "brier", "accuracy")
_CURVES = ("bets", "profit", "low", "high", "expected")


def as_file(out: Path | None) -> None:
    """Refuses what can be no file of figures, before any work.

    Raises:
        UsageError: It is a folder, or its name does not end with ``.json``.
    """
    if out is not None and (out.is_dir() or out.suffix != ".json"):
        raise UsageError(f"{out} cannot be the file of figures; it is a file such as figures.json")


def as_folder(out: Path | None) -> None:
    """Refuses what can be no folder of figures, before any work.

    Raises:
        UsageError: It is a file.
    """
    if out is not None and out.exists() and not out.is_dir():
        raise UsageError(f"{out} cannot be the folder of figures; it is a file")


def write_trained(out: Path, result: Mapping[str, Any]) -> None:
    """What names a training: what was chosen, what it was made of and what came out, and how it is put together."""
    names = (*_KIND, "gold_version", "recipe", "digest", *_TESTED, "folds", "trained_through", "ensemble")
    _write(out, {name: result[name] for name in names})


def write_evaluated(out: Path, result: Mapping[str, Any], forecasts: Forecasts, found: Evaluation) -> None:
    """The folder's ``metrics.json``, and what is plotted: ``calibration.csv``, ``seasons.csv``, ``profit.csv``.

    Args:
        out: The folder; made where it is missing.
        result: What ``busta evaluate --json`` prints.
        forecasts: The forecasts.
        found: Their figures.
    """
    line = result["baselines"]["closing_line"]
    metrics = {name: result[name] for name in _TESTED} | _known(result["metrics"])
    metrics |= {"closing_line": _known({name: line.get(name) for name in _SCORES})}
    metrics |= {f"log_loss_less_{found.bar}": _known(found.difference)}
    _write(out / "metrics.json", metrics)
    _write_rows(out / "calibration.csv", result["reliability"])
    _write_rows(out / "seasons.csv", [_season(row) for row in result["by_season"]])
    _write_rows(out / "profit.csv", _profit(forecasts, found))


def write_judged(out: Path, result: Mapping[str, Any]) -> None:
    """What the gate said, and how many trials it counted: more of them are another question, with another answer."""
    kept = {name: result[name] for name in (*_KIND, "games", "verdict", "reason", "may_be_promoted", "trials")}
    _write(out, kept | {"checks": {check["code"]: check["answer"] for check in result["checks"]}})


def _season(row: Mapping[str, float | None]) -> dict[str, float | None]:
    own, line = row["log_loss"], row["closing_line_log_loss"]
    less = None if own is None or line is None else own - line
    names = ("season", "games", "log_loss", "closing_line_log_loss", "brier", "bets", "unit_profit", "roi")
    return {name: row[name] for name in names} | {"log_loss_less_closing_line": less}


def _profit(forecasts: Forecasts, found: Evaluation) -> list[dict[str, Any]]:
    """Units won after each week with a bet, as the report draws them; before the first, none."""
    ledger = simulate(found.bets, forecasts.value, forecasts.line, forecasts.weeks)
    drawn = curves(ledger, forecasts)
    columns = {name: np.asarray(getattr(drawn, name)).tolist() for name in ("weeks", *_CURVES)}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [{"weeks": None} | dict.fromkeys(_CURVES, 0.0), *rows]


def _known(figures: Mapping[str, float | None]) -> dict[str, float]:
    """Those that apply: DVC has no word for one that does not."""
    return {name: value for name, value in figures.items() if value is not None}


def _write(out: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    atomic_write(out, (text + "\n").encode())


def _write_rows(out: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    atomic_write(out, frame.with_columns(pl.col(pl.Float64).fill_nan(None)).write_csv().encode())
