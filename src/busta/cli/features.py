"""busta features: the gold store."""

from __future__ import annotations

from typing import Annotated

import typer

from busta.cli.options import Config, Json, LeagueName, LeagueOption, emit, settings

features = typer.Typer(
    help="The gold feature store: what was known about each game, and since when.", no_args_is_help=True
)


@features.command("build", epilog="Example: busta features build nfl")
def features_build(league: LeagueName, as_json: Json = False, config: Config = None) -> None:
    """Build the league's gold store from its tables, where it is missing or stale."""
    from busta.cli import show
    from busta.workflows.data.build import build

    emit(build(settings(config), league), as_json, show.built)


@features.command("list", epilog="Example: busta features list --league nfl")
def features_list(league: LeagueOption = "nfl", as_json: Json = False, config: Config = None) -> None:
    """List the versions of the league's gold store."""
    from busta.cli import show
    from busta.workflows.data.build import gold_versions

    emit(gold_versions(settings(config), league), as_json, show.records, under="versions")


@features.command("show", epilog="Example: busta features show 3fa2 --league nfl")
def features_show(
    version: Annotated[str | None, typer.Argument(help="First letters are enough; by default the current one.")] = None,
    league: LeagueOption = "nfl",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show one version's lineage: what it is made of, and what was missing."""
    from busta.cli import show
    from busta.workflows.data.build import open_version

    emit(dict(open_version(settings(config), league, version).manifest), as_json, show.manifest)


@features.command("catalog", epilog="Example: busta features catalog")
def features_catalog(as_json: Json = False) -> None:
    """List every feature: unit, meaning, when it is known, which markets use it."""
    from busta.cli import show
    from busta.workflows.data.build import catalog

    emit(catalog(), as_json, show.catalog, under="features")


@features.command("diff", epilog="Example: busta features diff 3fa2 91bc")
def features_diff(
    a: Annotated[str, typer.Argument(help="Older version.")],
    b: Annotated[str, typer.Argument(help="Newer version.")],
    league: LeagueOption = "nfl",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Say what differs between two versions of the gold store."""
    from busta.cli import show
    from busta.workflows.data.build import compare

    emit(compare(settings(config), league, a, b), as_json, show.mapping)
