"""All settings in one frozen schema: flags, ``BUSTA_…`` variables, files of secrets, a file, defaults.

The file is ``busta.toml`` in the workspace, or another one that is named, such as the pipeline's ``params.yaml``.

A secret may stand in a file of its own: ``BUSTA_SECRETS_DIR`` names the folder, ``BUSTA_SECTION__KEY`` the file.
Built once, in the command line or by the caller of the Python API, and handed on by argument.
"""

from busta.settings.loading import Settings, as_path, load
from busta.settings.sections import (
    Bets,
    Data,
    Gate,
    Ledger,
    Logs,
    OddsApi,
    Pipeline,
    Serve,
    Sim,
    Stakes,
    Tracking,
    Trial,
)
from busta.settings.training import Boosting, Linear, Members, Train, Tune
from busta.settings.upkeep import Notify, Retrain
from busta.settings.watch import Watch

__all__ = [
    "Bets",
    "Boosting",
    "Data",
    "Gate",
    "Ledger",
    "Linear",
    "Logs",
    "Members",
    "Notify",
    "OddsApi",
    "Pipeline",
    "Retrain",
    "Serve",
    "Settings",
    "Sim",
    "Stakes",
    "Tracking",
    "Train",
    "Trial",
    "Tune",
    "Watch",
    "as_path",
    "load",
]
