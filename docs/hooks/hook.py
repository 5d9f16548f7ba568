"""The hook of mkdocs: writes what is read from the code into the pages, and lists checks and decisions.

A page asks for a part with a comment of its own, ``<!-- busta: settings -->``. A page that follows commands names
them in its head under ``before``; they are shown first, and the tests run them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import from_api
import from_code
import from_lists
import from_monitoring

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["on_config", "on_page_markdown"]

MARK = re.compile(r"<!-- busta: ([a-z-]+) -->")
PARTS: dict[str, Callable[[], str]] = {
    "api": from_api.routes,
    "commands": from_code.commands,
    "settings": from_code.settings,
    "python": from_code.python,
    "exit-codes": from_lists.exit_codes,
    "detectors": from_lists.detectors,
    "questions": from_lists.questions,
    "leagues": from_lists.leagues,
    "markets": from_lists.markets,
    "features": from_lists.features,
    "stakes": from_lists.stakes,
    "alerts": from_monitoring.alerts,
    "metrics-of-serve": from_monitoring.served,
    "metrics-of-watch": from_monitoring.watched,
}


def on_config(config: Any) -> Any:
    """Puts every check and every decision into the navigation."""
    docs = Path(config.docs_dir)
    sections = {name: entry for part in config.nav for name, entry in part.items()}
    for part in sections["Reference"]:
        if "Checks" in part:
            part["Checks"] = _pages(docs, "reference/checks", first="index.md")
    for part in sections["Explanation"]:
        if "Decisions" in part:
            part["Decisions"] = _pages(docs, "adr")
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:  # noqa: ARG001 - names are mkdocs's
    """Fills in the parts a page asks for, and shows the commands it takes as run."""
    text = MARK.sub(lambda match: PARTS[match[1]](), markdown)
    before = page.meta.get("before")
    return _after_title(text, before) if before else text


def _pages(docs: Path, folder: str, first: str | None = None) -> list[Any]:
    names = sorted(file.name for file in (docs / folder).glob("*.md") if file.name != first)
    shown: list[Any] = [f"{folder}/{first}"] if first else []
    return shown + [{_title(docs / folder / name): f"{folder}/{name}"} for name in names]


def _title(file: Path) -> str:
    return file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


def _after_title(text: str, before: list[str]) -> str:
    title, _, rest = text.partition("\n")
    lines = "\n".join(f"    $ {command}" for command in before)
    note = f'!!! note "To follow along, in an empty folder"\n\n    ```console\n{lines}\n    ```\n'
    return f"{title}\n\n{note}\n{rest}"
