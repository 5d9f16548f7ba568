"""Training against a real tracking server, and its model in a client that has no busta."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml

from databases import Postgres
from servers import free_port, mlflow_server, serving
from workspaces import Busta

DEPLOY = Path(__file__).parents[2] / "deploy"
pytestmark = pytest.mark.server

BARE_CLIENT = """
import json, sys

class NoBusta:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "busta":
            raise ModuleNotFoundError(f"no {name} here")

sys.meta_path.insert(0, NoBusta())
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model(sys.argv[2])
assert "busta" not in sys.modules
print(json.dumps({
    "said": [float(p) for p in model.predict(model.input_example)],
    "input": model.input_example.to_dict("list"),
    "declared": model.metadata.get_input_schema().input_names(),
}))
"""


@pytest.fixture(scope="module", params=["embedded", "postgresql and s3"])
def server(request, tmp_path_factory):
    """``mlflow server`` on a free port, on files or on what deploy/compose.yaml gives it; yields its address."""
    folder = tmp_path_factory.mktemp("server")
    if request.param == "embedded":
        where = [
            "--backend-store-uri",
            f"sqlite:///{folder / 'mlflow.db'}",
            "--artifacts-destination",
            folder / "files",
        ]
        with mlflow_server(folder, *where) as uri:
            yield uri
        return
    postgres, (store, credentials) = Postgres(), (f"http://127.0.0.1:{free_port()}", folder / "credentials")
    credentials.write_text("[default]\naws_access_key_id = busta\naws_secret_access_key = a-secret-of-tests\n")
    access = {"AWS_SHARED_CREDENTIALS_FILE": str(credentials), "MLFLOW_S3_ENDPOINT_URL": store}
    access["AWS_DEFAULT_REGION"] = "us-east-1"
    moto = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", store.rpartition(":")[2]]
    try:
        postgres.start()
        with serving(moto, store, folder, {}):
            for _ in range(2):  # a second start finds the bucket
                subprocess.run([sys.executable, DEPLOY / "bucket.py"], env=os.environ | access, check=True)
            url = postgres.fresh().replace("postgresql:", "postgresql+psycopg:")
            port = free_port()
            with mlflow_server(folder, *composed(port), port=port, MLFLOW_BACKEND_STORE_URI=url, **access) as uri:
                asked = httpx.get(f"{uri}/api/2.0/mlflow/registered-models/search", headers={"host": f"mlflow:{port}"})
                assert asked.status_code == 200, "the name of the service is not allowed"
                yield uri
                listed = httpx.get(f"{store}/mlflow").text
                assert "predictions.parquet" in listed, "artifacts went elsewhere"
                assert not list(folder.rglob("*.parquet"))
    finally:
        postgres.remove()


def composed(port):
    """What the compose file starts MLflow's server with, but for its address."""
    command = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["mlflow"]["command"]
    kept = [word for word in command if not word.startswith(("--host", "--port", "--workers"))]
    return [word.replace(":5000", f":{port}") for word in kept]


@pytest.fixture(scope="module")
def trained(server, tmp_path_factory):
    """A workspace whose moneyline was trained against the server, and what the training said."""
    home = tmp_path_factory.mktemp("client")
    busta = Busta(home, BUSTA_TRACKING__TRACKING_URI=server, BUSTA_SIM__SEASONS="4")
    busta.json("ingest", "sim")
    return busta, busta.json("train", "moneyline", "--league", "sim")


def test_a_training_goes_to_the_server_and_leaves_no_registry_in_the_workspace(trained):
    busta, result = trained

    assert (result["model"], result["model_version"]) == ("busta-sim-moneyline", "1")
    assert sorted(path.name for path in busta.home.iterdir()) == ["data"]


def test_versions_are_promoted_and_predict(trained):
    busta, _ = trained

    assert busta.json("gate", "moneyline", "--league", "sim")["trials"]["count"] == 1
    assert busta.json("promote", "moneyline", "1", "--league", "sim")["champion"] == "1"
    (row,) = busta.json("models")["models"]
    assert sorted(row["aliases"]) == ["challenger", "champion"]
    coming = busta.json("predict", "moneyline", "--week", "2014-18", "--league", "sim")
    learned = busta.json("predict", "moneyline", "--week", "2013-05", "--league", "sim")

    assert coming["role"] == "champion"
    assert all(row["probability"] and not row["out_of_fold"] for row in coming["predictions"])
    assert all(row["probability"] and row["out_of_fold"] for row in learned["predictions"])


@pytest.mark.usefixtures("trained")
def test_a_client_without_busta_loads_the_challenger_and_says_the_same(server, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", BARE_CLIENT, server, "models:/busta-sim-moneyline@challenger"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])

    import mlflow
    import numpy as np
    import pandas as pd

    from busta.models.portable import PortableModel

    mlflow.set_tracking_uri(server)
    mlflow.set_registry_uri(server)  # what trained in this process before may have left its own
    folder = mlflow.artifacts.download_artifacts("models:/busta-sim-moneyline@challenger", dst_path=str(tmp_path))
    ours = PortableModel.read(f"{folder}/data/model").predict(pd.DataFrame(found["input"]))
    np.testing.assert_array_equal(found["said"], ours)
    assert len(found["said"]) == 3
    assert all(0 < p < 1 for p in found["said"])
    assert found["declared"] == list(found["input"])


def test_doctor_finds_the_server(trained, server):
    busta, _ = trained

    findings = {finding["check"]: finding for finding in busta.json("doctor")["findings"]}

    assert findings["MLflow"]["ok"]
    assert findings["MLflow"]["found"].startswith(f"answers at {server}; busta-sim-moneyline version 1")
