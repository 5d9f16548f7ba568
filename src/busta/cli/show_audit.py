"""How an audit looks to a person."""

from __future__ import annotations

from typing import Any

from busta.cli.show import _console, _table

__all__ = ["audited"]

_SHOWN = 5
_STYLES = {"leak": "bold", "not applicable": "dim", "clean": ""}


def audited(result: dict[str, Any]) -> None:
    """A line a question, leaks by name, and what to do."""
    table = _table("question", "answer", "found", title=_title(result))
    for row in result["findings"]:
        shown = ", ".join(row["columns"][:_SHOWN]) + (" …" if len(row["columns"]) > _SHOWN else "")
        words = f"{row['words']} ({shown})" if shown and row["answer"] == "leak" else row["words"]
        table.add_row(row["title"], row["answer"], words, style=_STYLES[row["answer"]])
    _console.print(table)
    for note in result["notes"].values():
        _console.print(f"note: {note}")
    if result["clean"]:
        _console.print(f"no leak found; {result['seconds']:.0f} s")
    else:
        _console.print(
            f"leaks: {', '.join(result['leaks'])}. No figure of this table can be trusted until they are gone"
        )


def _title(result: dict[str, Any]) -> str:
    if "table" in result:
        return f"{result['table']}: {result['rows']} rows, {result['features']} features"
    return (
        f"{result['market']} of {result['league']}, {result['information']}, at the {result['price']}: "
        f"{result['games']} games, {result['features']} features, gold {str(result['gold_version'])[:8]}"
    )
