"""A glance at the registry, without MLflow, whose import takes four seconds and 200 megabytes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from busta.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

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

    ``None`` where only MLflow's client can say: there is no registry yet, it is another database, or a server that
    does not answer just anybody.

    Raises:
        OutsideError: The database cannot be read.
    """
    uri = settings.tracking.tracking_uri
    if uri is not None:
        return _of_server(uri) if uri.startswith(("http://", "https://")) else None
    database = settings.workspace() / "mlflow.db"
    if not database.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            return repr([connection.execute(query).fetchall() for query in (_ALIASES, _TAGS)])
    except sqlite3.Error as exc:
        raise OutsideError(f"{database} cannot be read: {exc}") from exc


def _of_server(uri: str) -> str | None:
    """The same over MLflow's REST API; whatever stands in the way, its own client finds better words for."""
    import httpx

    try:
        with httpx.Client(base_url=f"{uri.rstrip('/')}/api/2.0/mlflow/", timeout=5) as client:
            models = list(_all(client, "registered_models"))
            versions = list(_all(client, "model_versions"))
    except (httpx.HTTPError, ValueError):
        return None
    aliases = [(each["name"], by["alias"], by["version"]) for each in models for by in each.get("aliases", ())]
    tags = [
        (each["name"], each["version"], tag["key"], tag["value"])
        for each in versions
        for tag in each.get("tags", ())
        if tag["key"] in TOLD
    ]
    return repr([sorted(aliases), sorted(tags)])


def _all(client: httpx.Client, what: str) -> Iterator[dict[str, Any]]:
    """All of busta's models or versions, page by page."""
    query, token = {"filter": "name LIKE 'busta-%'", "max_results": "1000"}, ""
    while True:
        answer = client.get(
            f"{what.replace('_', '-')}/search", params={**query, "page_token": token} if token else query
        )
        said = answer.raise_for_status().json()
        yield from said.get(what, ())
        token = said.get("next_page_token", "")
        if not token:
            return
