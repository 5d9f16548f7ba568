"""The page's way to ledger and watch loads only what the server's start needs."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys, busta
from busta.workflows.serving.serve import application, service_of
settings = busta.load(home=sys.argv[1])
application(settings)
desk = service_of(settings).desk
assert desk.watched("sim") is None
print(sorted({"polars", "sqlalchemy", "mlflow", "pandas", "xgboost"} & set(sys.modules)))
"""


def test_a_server_starts_and_asks_for_the_last_watch_without_tables_and_databases(tmp_path):
    told = subprocess.run([sys.executable, "-c", CODE, tmp_path], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
