"""busta serve."""

from __future__ import annotations

from typing import Annotated

import typer

from busta.cli.options import Config, settings

EXAMPLE = "Example: busta serve --port 8000"


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen at; by default this machine's own.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes any.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer.")] = None,
    config: Config = None,
) -> None:
    """Serve predictions, prices and explanations over HTTP until told to stop."""
    from busta.workflows.serve import serve as run

    run(settings(config, serve={"host": host, "port": port, "workers": workers}))
