"""How a back-test looks to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from busta.cli.show import _console, _number, _range, _table

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["backtested"]

_LATER = ("CLV", "95 % of CLV", "closes")  # there are none of bets at the close


def backtested(result: dict[str, Any]) -> None:
    """The model beside every strategy, its money, how far it holds, and what a reader should know."""
    _console.print(_strategies(result))
    _console.print(_scores(result["scores"]))
    if result["figures"]["bets"]:
        _money(result)
        _console.print(_sensitivity(result))
        for title, counts in (("not bet", result["abstained"]), ("no closing-line value", result["missing_closes"])):
            _console.print(f"{title}: " + ("; ".join(f"{count} {why}" for why, count in counts.items()) or "none"))
        _notes(result["notes"])
    else:
        _console.print(result["notes"]["figures"])
        _notes({name: note for name, note in result["notes"].items() if name in ("rules", "scores")})


def _money(result: dict[str, Any]) -> None:
    """What came of the stakes, week by week, and how many bets would prove an edge."""
    rules, figures = result["rules"], result["figures"]
    ends = "" if figures["roi_low"] is None else f" ({_range(figures['roi_low'], figures['roi_high'])})"
    _console.print(
        f"{rules['stakes']} stakes from a bankroll of {rules['bankroll']:g}: turnover {figures['turnover']:.1f}, "
        f"profit {figures['profit']:+.1f}, ROI {_percent(figures['roi'])}{ends}, "
        f"left {figures['bankroll_end']:.1f}"
    )
    _console.print(
        f"a week: volatility {_number(figures['volatility'], '.2%')}, Sharpe {_number(figures['sharpe'], '.3f')}, "
        f"Sortino {_number(figures['sortino'], '.3f')}; draw-down {_number(figures['max_drawdown'], '.1%')} over "
        f"{figures['drawdown_weeks']} weeks, {figures['longest_losing_run']} lost in a row, "
        f"risk of ruin {_number(figures['risk_of_ruin'], '.1%')}"
    )
    _console.print(
        f"bets needed to prove the edge claimed ({_percent(figures['claimed_edge'])}): "
        f"{_number(figures['bets_needed_claimed'], '.0f')}, the ROI seen: {_number(figures['bets_needed_seen'], '.0f')}"
    )


def _notes(notes: dict[str, str]) -> None:
    """Every note but those on single rows of a table, whose reasons are the model's."""
    rows = ("strategies.", "same_bets.", "by_season", "sensitivity")
    for name, note in notes.items():
        if not name.startswith(rows) or name == "strategies.champion":
            _console.print(f"note, {name.removeprefix('strategies.')}: {note}")


def _strategies(result: dict[str, Any]) -> Table:
    rows = {"model": result["figures"]} | result["strategies"]
    if result["figures"]["bets"]:
        rows |= {f"{name}, same bets": figures for name, figures in result["same_bets"].items()}
    columns = {name: _bet_figures(figures, result["price"]) for name, figures in rows.items()}
    title = f"{result['model']} version {result['model_version']}: {result['games']} games, out of fold, one flat unit"
    table = _table("", *columns["model"], title=title)
    for name, cells in columns.items():
        table.add_row(name, *cells.values(), style="bold" if name == "model" else None)
    for name in (name for name in rows if name.startswith("coin")):
        luck = _range(rows[name]["luck_low"], rows[name]["luck_high"])
        table.add_row(f"95 % of {name}", *(luck if head == "95 % by week" else "" for head in columns[name]))
    return table


def _bet_figures(figures: dict[str, Any], price: str) -> dict[str, str]:
    """A row by its columns; of bets at the close there is no later line to show."""
    cells = {
        "bets": str(figures["bets"]),
        "pushes": str(figures["pushes"]),
        "hit rate": _number(figures["hit_rate"], ".1%"),
        "break-even": _number(figures["break_even_hit_rate"], ".1%"),
        "line's": _number(figures.get("closing_line_hit_rate"), ".1%"),
        "profit": f"{figures['unit_profit']:+.1f}",
        "ROI": _percent(figures["unit_roi"]),
        "95 % by week": _range(figures["unit_roi_low"], figures["unit_roi_high"]),
        "CLV": _percent(figures["clv"]),
        "95 % of CLV": _range(figures["clv_low"], figures["clv_high"]),
        "closes": _number(figures["clv_coverage"], ".0%"),
    }
    return {head: cell for head, cell in cells.items() if price == "open" or head not in _LATER}


def _scores(scores: dict[str, dict[str, Any]]) -> Table:
    title = f"{scores['model']['games']} games scored, each row by itself; busta evaluate has their differences"
    table = _table("", "log loss", "95 % by week", "Brier", "accuracy", "95 % by week", title=title)
    for name, row in scores.items():
        table.add_row(
            name.replace("_", " "),
            _number(row["log_loss"], ".4f"),
            _ends(row, "log_loss", ".4f"),
            _number(row["brier"], ".4f"),
            _number(row["accuracy"], ".1%"),
            _ends(row, "accuracy", ".1%"),
        )
    return table


def _ends(row: dict[str, Any], score: str, form: str) -> str:
    low, high = (_number(row[f"{score}_{end}"], form) for end in ("low", "high"))
    return "-" if low == high == "-" else f"{low} to {high}"


def _sensitivity(result: dict[str, Any]) -> Table:
    tables = result["sensitivity"]
    names = [f"prices pay {row['slippage']:.0%} less" for row in tables["slippage"]]
    names += [f"vig removed: {row['method'].replace('_', ' ')}" for row in tables["vig_method"]]
    rows = [*tables["slippage"], *tables["vig_method"]]
    cells = [_bet_figures(row, result["price"]) for row in rows]
    heads = [head for head in cells[0] if head not in ("pushes", "line's")]
    title = "sensitivity: one flat unit a bet, whatever the stakes"
    table = _table("what if", *heads, "the close's log loss", title=title)
    for name, row, cell in zip(names, rows, cells, strict=True):
        table.add_row(name, *(cell[head] for head in heads), _number(row.get("closing_log_loss"), ".4f"))
    return table


def _percent(value: float | None) -> str:
    return _number(value, "+.1%")
