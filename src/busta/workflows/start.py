"""Start: the settings in force, and the leagues that the workspace describes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from busta import settings as of_settings
from busta.errors import UsageError
from busta.plugins import add_league, pick

if TYPE_CHECKING:
    from pathlib import Path

    from busta.settings import Settings

__all__ = ["load"]


def load(config: Path | None = None, **flags: Any) -> Settings:
    """The settings in force: ``flags`` (nested as the schema), environment, ``config``, defaults.

    The workspace's own leagues are known from then on.

    Args:
        config: A TOML file, or a YAML file such as DVC's ``params.yaml``; by default ``busta.toml`` in the workspace,
            where there is one.
        **flags: Values that win over everything else.

    Raises:
        UsageError: The file is not there, is neither or holds a secret; or a key or value is not allowed.
        DataError: The description of a league is damaged.
    """
    settings = of_settings.load(config, **flags)
    for name in settings.train.markets:
        if pick("market", name).name != name:
            raise UsageError(f"setting train.markets.{name}: the market's own name is {pick('market', name).name!r}")
    if settings.leagues.is_dir():
        from busta.leagues.own import definitions

        for definition in definitions(settings):
            add_league(definition.league())
    return settings
