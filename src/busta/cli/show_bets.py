"""How the ledger looks to a person."""

from __future__ import annotations

from collections import Counter
from typing import Any

from busta.cli.show import _american, _console, _number, _range, _table
from busta.serving.words import bet_name

__all__ = ["exported", "imported", "moved", "recommended", "recorded", "settled", "shown", "verified", "voided"]

SHOWN = 20


def recommended(result: dict[str, Any]) -> None:
    """A row a bet, then what there is to stake, and why the rest is left."""
    several = any(row["best"] for row in result["bets"])
    columns = ("start (UTC)", "game", "bet", "price", "edge", "stake", "", "not below", "line to", "cut by")
    table = _table(*columns, *(("best now",) if several else ()))
    for row in result["bets"]:
        worst = "-" if row["worst_line"] is None else bet_name(row | {"line": row["worst_line"]})
        table.add_row(
            row["kickoff"][5:16].replace("T", " "),
            row["game_id"],
            bet_name(row),
            _american(row["price"]),
            f"{row['edge']:+.1%}",
            f"{row['stake']:.2f}",
            "paper" if row["paper"] else "real",
            f"{row['worst_price']:.3f}",
            worst,
            ", ".join(row["limited_by"]),
            *((_best(row),) if several else ()),
        )
    if result["bets"]:
        _console.print(table)
    for name in ("real", "paper"):
        part = result[name]
        words = f"{name}: {part['bets']} bets, {part['staked']:.2f} of {part['available']:.2f}"
        _console.print(words + (f"; {part['stopped']}" if part["stopped"] else ""), style="bold")
    reasons = Counter(row["abstain_reason"] for row in result["abstained"])
    for reason, count in reasons.most_common():
        _console.print(f"{count} not bet: {reason}")
    for name, note in result["notes"].items():
        _console.print(f"note: {name}: {note}")


def _best(row: dict[str, Any]) -> str:
    """The best offer there is: whose, what, its edge and how old it is."""
    best = row["best"]
    if best is None:
        return "-"
    line = None if row["line"] is None else best["line"]
    enough = "" if best["enough"] else ", too little"
    words = f"{bet_name(row | {'line': line})} {_american(best['price'])}"
    return f"{best['book']}: {words}, {best['edge']:+.1%}{enough}, {best['age_minutes']} min ago"


def recorded(result: dict[str, Any]) -> None:
    """Each bet, and whether it was there already."""
    for row in result["bets"]:
        _console.print(f"{'recorded' if row['new'] else 'recorded already'}: {_bet(row)}, key {row['key']}")
    for note in result["notes"].values():
        _console.print(f"note: {note}")
    _console.print(f"head {result['head']}")


def voided(result: dict[str, Any]) -> None:
    """What each bet is now."""
    for row in result["bets"]:
        _console.print(f"{row['state']}: {_bet(row)} ({row['reason']})")
    _console.print(f"{result['changed']} changed; head {result['head']}")


def settled(result: dict[str, Any]) -> None:
    """What is newly settled, what was settled anew, what waits, and what is to be voided."""
    for row in result["settled"]:
        outcome = "void" if row["state"] == "void" else row["outcome"] or "open again"
        _console.print(f"{outcome} {_money(row['profit'])}: {_bet(row)}, result {row['value']:g}")
    for row in result["resettled"]:
        was = f"{_money(row['profit_before'])} at {_value(row['value_before'])}"
        now = f"{_money(row['profit'])} at {_value(row['value'])}"
        _console.print(f"settled anew: {_bet(row)}: was {was}, is {now}", style="bold")
    for row in result["voided"]:
        _console.print(f"voided: {_bet(row)}: {row['why']}")
    for row in result["to_void"]:
        void = f"busta bets void {row['key']}"
        _console.print(f"to be voided: {_bet(row)}: {row['why']}", style="bold")
        _console.print(
            f"  {void} --reason postponed\n  or, if {row['book']} lets it stand: {void} --undo --reason stands"
        )
    for row in result["overdue"]:
        where = f", perhaps to {row['perhaps']}" if row["perhaps"] else ""
        _console.print(f"no score yet: {_bet(row)}; called off, or moved{where}? busta bets void {row['key']}")
    for note in result["notes"].values():
        _console.print(f"note: {note}")
    counts = (len(result["settled"]), len(result["resettled"]), result["waiting"])
    _console.print("{} settled, {} settled anew, {} waiting".format(*counts) + f"; head {result['head']}")


def shown(result: dict[str, Any]) -> None:
    """Real and paper apart, then the last bets."""
    for name in ("real", "paper"):
        part = result[name]
        if part["bets"] or part["open"] or part["voids"] or part["moved"] or name == "real":
            _figures(name, part)
    if result["bets"]:
        _console.print(_bets(result["bets"]))
    _console.print(f"{result['entries']} entries; head {result['head']}")


def _figures(name: str, part: dict[str, Any]) -> None:
    _console.print(
        f"{name}: bankroll {part['bankroll']:.2f} (begun with {part['bankroll_start']:.2f}), "
        f"open bets: {part['open']} with {part['at_stake']:.2f} on them",
        style="bold",
    )
    table = _table(
        "", "bets", "won", "lost", "push", "void", "turnover", "profit", "ROI", "95 % by week", "CLV", "known"
    )
    table.add_row("all", *_row(part), style="bold")
    for kind in ("book", "market"):
        for row in part[f"by_{kind}"]:
            table.add_row(row[kind], *_row(row))
    if part["bets"] or part["voids"]:
        _console.print(table)
        _console.print(
            f"draw-down {part['max_drawdown']:.1%} at worst, {part['drawdown_now']:.1%} now; "
            f"unit profit {part['unit_profit']:+.2f}; {part['longest_losing_run']} lost in a row at worst"
        )
    notes = dict.fromkeys(part["notes"].values())
    for note in notes:
        _console.print(f"note: {', '.join(key for key, text in part['notes'].items() if text == note)}: {note}")


def _row(part: dict[str, Any]) -> list[str]:
    return [
        *(str(part[name]) for name in ("bets", "won", "lost", "pushes", "voids")),
        f"{part['turnover']:.2f}",
        _money(part["profit"]),
        _number(part["roi"], "+.1%"),
        _range(part["roi_low"], part["roi_high"]),
        _number(part["clv"], "+.1%"),
        _number(part["clv_coverage"], ".0%"),
    ]


def _bets(rows: list[dict[str, Any]]) -> Any:
    title = "bets" if len(rows) <= SHOWN else f"the last {SHOWN} of {len(rows)} bets"
    table = _table("key", "game", "bet", "price", "stake", "book", "", "state", "profit", title=title)
    for row in rows[-SHOWN:]:
        kind = "paper" if row["paper"] else "real"
        state = (row["outcome"] or row["state"]) + _moved(row)
        profit = _money(row["profit"])
        bet = (row["key"], row["game_id"], bet_name(row), _american(row["price"]), f"{row['stake']:g}", row["book"])
        table.add_row(*bet, kind, state, profit)
    return table


def _moved(row: dict[str, Any]) -> str:
    """To when the game of a bet that is not void was moved."""
    if row["state"] == "void" or row["kickoff_now"] in (None, row["kickoff"]):
        return ""
    start = row["kickoff_now"][:16].replace("T", " ")
    return f", moved to {start}{', to be voided' if row['to_void'] else ''}"


def moved(result: dict[str, Any]) -> None:
    """How much there is now."""
    words = "moved" if result["moved"] else "moved already"
    _console.print(f"{words} {result['amount']:+g}: bankroll {result['bankroll']:.2f}; head {result['head']}")


def exported(result: dict[str, Any]) -> None:
    """How many bets, and where they are."""
    _console.print(f"wrote {result['bets']} bets to {result['file']}; head {result['head']}")


def imported(result: dict[str, Any]) -> None:
    """What became of the rows."""
    for row in result["reasons"][:SHOWN]:
        _console.print(f"line {row['row']} refused: {row['reason']}")
    if result["refused_file"]:
        _console.print(f"all refused rows, each with its reason: {result['refused_file']}")
    counts = f"{result['recorded']} recorded, {result['known']} there already, {result['refused']} refused"
    _console.print(f"{result['came']} rows: {counts}; head {result['head']}")


def verified(result: dict[str, Any]) -> None:
    """Whether the chain is sound, and what is not."""
    for problem in result["problems"]:
        _console.print(problem)
    words = "sound" if result["sound"] else "NOT sound"
    held = "" if result["held_against"] else "; whether its end was cut off only a head written down earlier can show"
    _console.print(f"{result['entries']} entries, the chain is {words}{held}\nhead {result['head']}")


def _bet(row: dict[str, Any]) -> str:
    kind = "paper" if row["paper"] else "real"
    return f"{row['game_id']} {bet_name(row)} {_american(row['price'])}, {row['stake']:g} {kind} at {row['book']}"


def _money(amount: float | None) -> str:
    return "-" if amount is None else f"{amount:+.2f}"


def _value(value: float | None) -> str:
    return "no score" if value is None else f"{value:g}"
