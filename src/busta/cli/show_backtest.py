"""How a back-test looks to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from busta.cli.show import _console, _number, _range, _table

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["backtested"]


def backtested(result: dict[str, Any]) -> None:
    """The model beside every strategy, its money, how far it holds, and what a reader should know."""
    rules, figures = result["rules"], result["figures"]
    _console.print(_strategies(result))
    for scores in _scores(result["scores"]):
        _console.print(scores)
    _console.print(
        f"{rules['stakes']} stakes from a bankroll of {rules['bankroll']:g}: turnover {figures['turnover']:.1f}, "
        f"profit {figures['profit']:+.1f}, ROI {_percent(figures['roi'])} "
        f"({_range(figures['roi_low'], figures['roi_high'])}), left {figures['bankroll_end']:.1f}"
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
    _console.print(_sensitivity(result["sensitivity"]))
    for title, counts in (("not bet", result["abstained"]), ("no closing-line value", result["missing_closes"])):
        _console.print(f"{title}: " + ("; ".join(f"{count} {why}" for why, count in counts.items()) or "none"))
    for name, note in result["notes"].items():
        if not name.startswith(("strategies.", "same_bets.")) or name == "strategies.champion":
            _console.print(f"note, {name.removeprefix('strategies.')}: {note}")


def _strategies(result: dict[str, Any]) -> Table:
    title = f"{result['model']} version {result['model_version']}: {result['games']} games, out of fold, one flat unit"
    table = _table("", "bets", "pushes", "hit rate", "line's", "profit", "ROI", "95 % by week", "CLV", title=title)
    table.add_row("model", *_bet_figures(result["figures"]), style="bold")
    for name, figures in result["strategies"].items():
        table.add_row(name, *_bet_figures(figures))
    for name, figures in result["same_bets"].items():
        table.add_row(f"{name}, same bets", *_bet_figures(figures))
    for name, figures in (("coin", result["strategies"]["coin"]), ("coin, same bets", result["same_bets"]["coin"])):
        table.add_row(f"95 % of {name}", *[""] * 5, _range(figures["luck_low"], figures["luck_high"]))
    return table


def _bet_figures(figures: dict[str, Any]) -> list[str]:
    return [
        str(figures["bets"]),
        str(figures["pushes"]),
        _number(figures["hit_rate"], ".1%"),
        _number(figures.get("closing_line_hit_rate"), ".1%"),
        f"{figures['unit_profit']:+.1f}",
        _percent(figures["unit_roi"]),
        _range(figures["unit_roi_low"], figures["unit_roi_high"]),
        _percent(figures["clv"]),
    ]


def _scores(scores: dict[str, dict[str, Any]]) -> list[str]:
    return [
        f"{name.replace('_', ' ')}: log loss {_number(row['log_loss'], '.4f')}, Brier {_number(row['brier'], '.4f')}, "
        f"accuracy {_number(row['accuracy'], '.1%')} on {row['games']} games"
        for name, row in scores.items()
    ]


def _sensitivity(tables: dict[str, list[dict[str, Any]]]) -> Table:
    columns = ("bets", "hit rate", "profit", "ROI", "95 % by week", "CLV", "the close's log loss")
    table = _table("what if", *columns, title="sensitivity")
    names = [f"prices pay {row['slippage']:.0%} less" for row in tables["slippage"]]
    names += [f"vig removed: {row['method'].replace('_', ' ')}" for row in tables["vig_method"]]
    for name, row in zip(names, tables["slippage"] + tables["vig_method"], strict=True):
        bets, _, hit_rate, _, *money = _bet_figures(row)
        table.add_row(name, bets, hit_rate, *money, _number(row.get("closing_log_loss"), ".4f"))
    return table


def _percent(value: float | None) -> str:
    return _number(value, "+.1%")
