"""A glance at the registry's own database, without MLflow, whose import takes four seconds and more."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from busta.errors import OutsideError

if TYPE_CHECKING:
    from busta.settings import Settings

__all__ = ["TOLD", "glance"]

TOLD = ("verdict", "forced", "fit_to_bet", "trained_through", "trained_at", "gold_version")
"""Tags of a version that are told wherever it is served."""
_ALIASES = "SELECT name, alias, version FROM registered_model_aliases WHERE name LIKE 'busta-%' ORDER BY 1, 2"
_TAGS = (
    "SELECT name, version, key, value FROM model_version_tags"  # noqa: S608 - the names stand above
    f" WHERE name LIKE 'busta-%' AND key IN {TOLD} ORDER BY 1, 2, 3"
)


def glance(settings: Settings) -> str | None:
    """Aliases and told tags of all versions, as text to be compared with another time's.

    ``None`` where only MLflow's client can say: the registry is not the workspace's own.

    Raises:
        OutsideError: The database cannot be read.
    """
    database = settings.workspace() / "mlflow.db"
    if settings.tracking.tracking_uri is not None or not database.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            return repr([connection.execute(query).fetchall() for query in (_ALIASES, _TAGS)])
    except sqlite3.Error as exc:
        raise OutsideError(f"{database} cannot be read: {exc}") from exc
