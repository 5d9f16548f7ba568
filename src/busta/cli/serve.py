"""busta serve, and the keys that others need to ask it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from busta.cli.options import Config, Json, emit, settings

EXAMPLE = "Example: busta serve --port 8000"
keys = typer.Typer(help="API keys of the server: who may ask it, and for what.", no_args_is_help=True)


class Scope(StrEnum):
    """What a key may do."""

    read = "read"
    write = "write"
    admin = "admin"


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen at; by default this machine's own.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes any.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Serve predictions, prices and explanations over HTTP until told to stop."""
    from busta.workflows.serving.serve import serve as run

    chosen = settings(config, serve={"host": host, "port": port, "workers": workers})
    run(chosen, told=lambda found: emit(found, as_json, _listening))


def _listening(found: dict[str, Any]) -> None:
    typer.echo(f"serving {found['home']} at {found['url']}; Ctrl-C stops it", err=True)


@keys.command("add", epilog="Example: busta keys add --scope write --name laptop")
def add(
    scope: Annotated[
        Scope, typer.Option(help="read asks; write also writes to the ledger; admin also revokes keys.")
    ] = Scope.read,
    name: Annotated[str, typer.Option(help="Whose it is.")] = "",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Make a key, and show it this once."""
    from busta.workflows.serving.serve import add_key

    emit(add_key(settings(config), scope.value, name), as_json, _made)


def _made(key: dict[str, Any]) -> None:
    typer.echo(f"key {key['id']}, scope {key['scope']}; it is shown this once:", err=True)
    typer.echo(key["key"])


@keys.command("list", epilog="Example: busta keys list")
def listed(as_json: Json = False, config: Config = None) -> None:
    """List all keys there ever were, revoked ones too."""
    from busta.cli import show
    from busta.workflows.serving.serve import list_keys

    emit(list_keys(settings(config)), as_json, show.records, under="keys")


@keys.command("revoke", epilog="Example: busta keys revoke 1f2e3d4c")
def revoke(
    number: Annotated[str, typer.Argument(metavar="ID", help="Of the key, as `busta keys list` shows it.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """End a key; a running server knows within a second."""
    from busta.cli import show
    from busta.workflows.serving.serve import revoke_key

    emit(revoke_key(settings(config), number), as_json, show.mapping)
