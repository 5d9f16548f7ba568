"""How quickstart looks to a person."""

from __future__ import annotations

from typing import Any

from busta.cli.show import _console, _number, _table

__all__ = ["quickstart"]


def quickstart(result: dict[str, Any]) -> None:
    """Both leagues side by side, what they teach, and what to try next."""
    heads = [
        head
        for league in result["leagues"]
        for head in (f"{league['league']}: log loss", "less the line's", "evidence", "verdict")
    ]
    table = _table("market", *heads, title="the same training on two simulated leagues")
    for trainings in zip(*(league["trainings"] for league in result["leagues"]), strict=True):
        table.add_row(trainings[0]["market"], *(cell for training in trainings for cell in _cells(training)))
    _console.print(table)
    _console.print(
        "evidence: z of the question whether the model knows what the closing line does not; luck gives up to 1.6"
    )
    for league in result["leagues"]:
        _console.print(f"{league['league']}: {league['title'].lower()}; {_verdicts(league['trainings'])}")
    _console.print("\ntry next:")
    for command in result["next"]:
        _console.print(f"  {command}")


def _cells(training: dict[str, Any]) -> list[str]:
    evidence = next(check["figure"] for check in training["checks"] if check["code"] == "BST003")
    return [
        _number(training["metrics"]["log_loss"], ".4f"),
        _number(training["difference"]["log_loss"], "+.4f"),
        _number(evidence, "+.1f"),
        training["verdict"],
    ]


def _verdicts(trainings: list[dict[str, Any]]) -> str:
    """What a bettor takes from it."""
    proven = [training["market"] for training in trainings if training["verdict"] == "fit to bet"]
    return f"busta says yes to {', '.join(proven)}" if proven else "nothing here is worth a bet, and busta says so"
