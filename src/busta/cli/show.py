"""How results look to a person."""

from __future__ import annotations

import sys
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from busta.plugins import pick
from busta.reports.numbers import always_on
from busta.serving.words import bet_name

TERMS = ("miscalibration", "discrimination", "uncertainty")

__all__ = [
    "built",
    "catalog",
    "champions",
    "doctor",
    "evaluated",
    "gate",
    "ingest",
    "init",
    "manifest",
    "mapping",
    "models",
    "predicted",
    "promoted",
    "records",
    "trained",
]

_console = Console(highlight=False, markup=False, soft_wrap=True, width=None if sys.stdout.isatty() else 140)


def init(result: dict[str, Any]) -> None:
    """What was written and what was there already."""
    for file in result["written"]:
        _console.print(f"wrote {file}")
    for file in result["kept"]:
        _console.print(f"kept {file}, which was there already")
    for note in result["notes"].values():
        _console.print(f"note: {note}")


def ingest(result: dict[str, Any]) -> None:
    """Counts by table, then warnings."""
    table = _table("", "rows", "new", "changed", "unchanged", "refused", title=f"ingested {result['league']}")
    for name in result["counts"]:
        counts = result["counts"][name]
        table.add_row(name, *(str(counts[key]) for key in ("came", "new", "changed", "unchanged", "refused")))
    _console.print(table)
    for warning in result["warnings"]:
        _console.print(f"warning: {warning}")
    if result["missing"]:
        _console.print(f"not in the source: {', '.join(result['missing'])}; features made from them stay empty")
    if result["refused_file"]:
        _console.print(f"refused rows, each with its reason: {result['refused_file']}")


def built(result: dict[str, Any]) -> None:
    """The gold version."""
    what = "built" if result["new"] else "nothing changed;"
    _console.print(
        f"{what} gold {result['version']} of {result['league']}: {result['games']} games, {result['features']} features"
    )
    for column, names in result["missing"].items():
        _console.print(f"{column} is not in the source; empty: {', '.join(names)}")


def records(rows: list[dict[str, Any]]) -> None:
    """Rows of any kind as a table."""
    if not rows:
        _console.print("none yet")
        return
    table = _table(*rows[0])
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    _console.print(table)


def mapping(result: dict[str, Any]) -> None:
    """Names and values, a line each."""
    for name, value in result.items():
        _console.print(f"{name.replace('_', ' ')}: {value if value not in ([], {}) else 'none'}")


def manifest(result: dict[str, Any]) -> None:
    """A gold version's lineage, features counted instead of listed."""
    mapping({name: value for name, value in result.items() if name not in ("features", "markets")})
    _console.print(f"features: {len(result['features'])} (busta features catalog lists them)")


def catalog(rows: list[dict[str, Any]]) -> None:
    """The feature catalogue."""
    table = _table("feature", "unit", "meaning", "known", "markets")
    for row in rows:
        table.add_row(row["name"], row["unit"], row["meaning"], row["known_at"], ", ".join(row["markets"]))
    _console.print(table)


def trained(result: dict[str, Any]) -> None:
    """The verdict table of one training."""
    seasons = f"{result['first_test_season']}-{result['last_test_season']}"
    title = f"{result['model']} version {result['model_version']}: {result['games']} games of {seasons}, out of fold"
    table = _table("", "log loss", "Brier", "accuracy", "AUC", "bets", "ROI", "95 % by week", title=title)
    table.add_row("model", *_figures(result["metrics"]), style="bold")
    for name, figures in result["baselines"].items():
        table.add_row(_label(name, result), *_figures(figures))
    _console.print(table)
    gap, bar = result["difference"], _label(result["bar"], result)
    if gap["log_loss"] is not None and gap["low"] is not None:
        _console.print(
            f"log loss against the {bar}: {gap['log_loss']:+.4f} (95 % by week {gap['low']:+.4f} to {gap['high']:+.4f})"
        )
    _console.print(f"members: {result['ensemble']['why']}")
    if result["tuning"]:
        _searched(result["tuning"])
    _verdict(result)
    for name in ("games", "guides", "prices", "price_assumed", "plan", "champion"):
        if name in result["notes"]:
            _console.print(f"note: {result['notes'][name]}")
    missing = sorted(name.removeprefix("missing.") for name in result["notes"] if name.startswith("missing."))
    if missing:
        _console.print(f"note: not in the source, nor what is made of it in the model: {', '.join(missing)}")
    _console.print(f"{result['seconds']:.1f} s, {result['peak_rss_mb']} MB, run {result['run_id']}")


def _searched(tuning: dict[str, Any]) -> None:
    """What a search came to: nested in the walk forward, beside the settings it began with."""
    loss, final = tuning["log_loss"], tuning["final"]["values"]
    _console.print(
        f"search: {tuning['candidates']} settings tried ({tuning['pruned']} given up early); chosen by earlier seasons "
        f"log loss {loss['nested']:.4f}, as set {loss['as_set']:.4f}"
    )
    chosen = ", ".join(
        f"{name} = {value:.4g}" if isinstance(value, float) else f"{name} = {value}" for name, value in final.items()
    )
    _console.print(
        f"final model: {chosen or 'the settings as they were; no candidate was likelier by 20 to 1 on earlier seasons'}"
    )


def evaluated(result: dict[str, Any]) -> None:
    """Every score with its interval and its difference from the bar and from Elo; then the reliability curve."""
    seasons, bar = f"{result['first_test_season']}-{result['last_test_season']}", result["bar"]
    title = f"{result['model']} version {result['model_version']}: {result['games']} games of {seasons}, out of fold"
    table = _table(
        "score", "model", "95 % by week", f"less {_label(bar, result)}", "95 %", "less Elo", "95 %", title=title
    )
    for name, parts in result["differences"].items():
        row = [_number(parts["value"], ".4f"), _span(parts)]
        for other in (bar, "elo"):
            row += [_number(parts[other]["difference"], "+.4f"), _span(parts[other], "+.4f")]
        table.add_row(name.replace("_", " "), *row)
    _console.print(table)
    _others(result["metrics"])
    curve = _table("said", "happened", "95 %", "games")
    for row in result["reliability"]:
        curve.add_row(f"{row['mean_p']:.3f}", f"{row['rate']:.3f}", _span(row, ".3f"), str(int(row["count"])))
    _console.print(curve)
    _console.print(f"log loss against the {_label(bar, result)}: {result['against_the_line']}", style="bold")
    for name in ("games", "prices", "price_assumed", "rules"):
        if name in result["notes"]:
            _console.print(f"note: {result['notes'][name]}")


def _others(metrics: dict[str, Any]) -> None:
    """What has no difference: luck in the ECE, the terms of the Brier score, the distribution's scores."""
    luck = (
        f"{_number(metrics['ece_luck'], '.4f')} on average, {_number(metrics['ece_luck_95'], '.4f')} in one of twenty"
    )
    _console.print(f"ECE of a perfect model on as many games: {luck}")
    terms = ", ".join(f"{name} {_number(metrics[name], '.4f')}" for name in TERMS)
    _console.print(f"Brier = miscalibration - discrimination + uncertainty: {terms}")
    for name, words in (("crps", "CRPS"), ("exact_log_score", "exact score, log score")):
        values = f"{_number(metrics[name], '.4f')}, the closing line's {_number(metrics[f'closing_{name}'], '.4f')}"
        _console.print(f"{words}: {values}")


def _span(parts: dict[str, Any], form: str = ".4f") -> str:
    return "-" if parts["low"] is None else f"{format(parts['low'], form)} to {format(parts['high'], form)}"


def gate(result: dict[str, Any]) -> None:
    """Every check with its figure, then the verdict."""
    title = f"{result['model']} version {result['model_version']}: {result['games']} games, out of fold"
    table = _table("check", "asks", "answer", "stands in the way of", "what was found", title=title)
    for check in result["checks"]:
        style, blocked = ("bold", _blocked(check["purpose"])) if check["blocks"] else (None, "-")
        table.add_row(check["code"], check["title"], check["answer"], blocked, check["words"], style=style)
    _console.print(table)
    for note in result["notes"].values():
        _console.print(f"note: {note}")
    _verdict(result)


def _blocked(purpose: str) -> str:
    """What a check that blocks keeps a version from: one that is not fit to serve is not fit to bet, either."""
    return "serving, betting" if purpose == "serve" else "betting"


def _verdict(result: dict[str, Any]) -> None:
    """The verdict in one line, and what stands in the way of more."""
    meaning = {
        "rejected": "may not become champion",
        "fit to serve": "may become champion; its stakes are paper",
        "fit to bet": "evidence of profit, all trials counted",
    }
    trials = result["trials"]
    _console.print(f"verdict: {result['verdict']} ({meaning[result['verdict']]})", style="bold")
    _console.print(f"{result['reason']}; trial {trials['number']} of {trials['count']} on this market")


def predicted(result: dict[str, Any]) -> None:
    """A row a game: the better side."""
    title = f"{result['model']} version {result['model_version']} ({result['role']})"
    table = _table(
        "start (UTC)", "game", "bet", "price", "win", "push", "fair", "edge", "stake", "why no bet", title=title
    )
    for row in result["predictions"]:
        table.add_row(*_prediction(row))
    _console.print(table)
    if doubts := _doubts(result):
        _console.print(f"note: {doubts}", style="bold")
    for note in result["notes"].values():
        _console.print(f"note: {note}")
    if result["missing"]:
        _console.print(f"not in the gold store, taken as unknown: {', '.join(result['missing'])}")
    if any(row["out_of_fold"] for row in result["predictions"]):
        _console.print("* the version learned from this game: shown is what it said before it had")
    staked = [row for row in result["predictions"] if row["stake"]]
    if any(row["paper"] for row in staked):
        _console.print("stakes are shares of the bankroll, on paper until the gate has found the model fit to bet")
    if any(row["unproven"] and not row["paper"] for row in staked):
        _console.print("stakes are real although the model is not fit to bet: bets.allow_unproven is set", style="bold")


def _doubts(result: dict[str, Any]) -> str:
    """That the gate is against the version, or that it became champion by force; empty if neither."""
    said = ["the gate rejected this version"] if result["verdict"] == "rejected" else []
    said += [f"this version was made champion by force, {result['forced']}"] if result["forced"] else []
    return "; ".join(said)


def _prediction(row: dict[str, Any]) -> list[str]:
    chance = row["probability"]
    return [
        str(row.get("kickoff") or "")[5:16].replace("T", " "),
        row["game_id"] + ("*" if row["out_of_fold"] else ""),
        bet_name(row),
        _american(row["price"]),
        f"{chance['win']:.3f}" if chance else "-",
        f"{chance['push']:.3f}" if chance else "-",
        _american(row["fair_price"]),
        f"{row['edge']:+.1%}" if row["edge"] is not None else "-",
        f"{row['stake']:.2%}" if row["stake"] else "-",
        row["abstain_reason"] or "",
    ]


def models(rows: list[dict[str, Any]]) -> None:
    """Registered versions."""
    if not rows:
        _console.print("no models yet; busta train moneyline makes one")
        return
    table = _table("model", "version", "role", "trained", "seasons", "gold", "verdict")
    for row in rows:
        table.add_row(
            row["model"],
            row["version"],
            ", ".join(row["aliases"]),
            row["trained_at"][:16].replace("T", " "),
            str(row["seasons"]),
            str(row["gold_version"])[:8],
            str(row["verdict"]).partition(":")[0] + (f", forced {row['forced'][:10]}" if row["forced"] else ""),
        )
    _console.print(table)


def promoted(result: dict[str, Any]) -> None:
    """Who is champion now."""
    before = f"; before: version {result['before']}" if result["before"] else ""
    forced = f"; forced, in spite of: {result['verdict'] or 'no verdict'}" if result.get("forced") else ""
    _console.print(f"champion of {result['model']}: version {result['champion']}{before}{forced}")
    for words in result["notes"].values():
        _console.print(f"note: {words}")


def champions(rows: list[dict[str, Any]]) -> None:
    """Changes of champions, oldest first."""
    if not rows:
        _console.print("no champion was named yet; busta promote names one")
        return
    table = _table("when (UTC)", "model", "champion", "by", "who", "gate", "why")
    for row in rows:
        change = f"{row['before'] or '-'} -> {row['version']}"
        table.add_row(
            row["at"][:16].replace("T", " "),
            row["model"],
            change if row["state"] == "done" else f"{change}, {_UNDONE[row['state']]}",
            row["by"],
            row["who"],
            f"forced, in spite of: {row['in_spite_of']}" if row["forced"] else row["verdict"] or "-",
            row["reason"] or "-",
        )
    _console.print(table)


_UNDONE = {"begun": "its end is not known", "not done": "not done"}


def doctor(findings: list[dict[str, Any]]) -> None:
    """A line a check, with what to do where it failed."""
    for finding in findings:
        _console.print(f"{'ok  ' if finding['ok'] else 'FAIL'}  {finding['check']}: {finding['found']}")
        if finding["advice"]:
            _console.print(f"      {finding['advice']}")


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )
    for name in columns:
        table.add_column(name)
    return table


def _figures(figures: dict[str, Any]) -> list[str]:
    interval = _range(figures["roi_low"], figures["roi_high"])
    return [
        _number(figures["log_loss"], ".4f"),
        _number(figures["brier"], ".4f"),
        _number(figures["accuracy"], ".1%"),
        _number(figures["auc"], ".3f"),
        _number(figures["bets"], "d"),
        _number(figures["roi"], "+.1%"),
        interval,
    ]


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _range(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:+.1%} to {high:+.1%}"


def _label(baseline: str, result: dict[str, Any]) -> str:
    names = {
        "closing_line": "closing line",
        "closing_line_recalibrated": "closing line, recalibrated",
        "opening_line": "opening line",
        "elo": "Elo only",
        "home": always_on(pick("market", result["market"]).sides[0]),
    }
    return names.get(baseline, baseline)


def _american(price: float | None) -> str:
    from busta.betting.odds import format_american

    return "-" if price is None else format_american(price)
