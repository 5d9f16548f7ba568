from __future__ import annotations

import _thread
import sys
import threading
import time

import mlflow
import numpy as np
import pandas as pd
import pytest

from busta.registry.publish import publish
from busta.registry.versions import fetch_model, fetch_predictions, resolve, versions

NAME = "busta-sim-moneyline"
SAID = 1 / (1 + np.exp(-np.array([0.3, 2.3])))


def runs(registry):
    return registry.client.search_runs([registry.experiment(NAME)])


def test_the_first_version_is_challenger_and_nobody_is_champion(registry, make_record):
    published = publish(registry, make_record())

    (version,) = versions(registry, NAME)
    assert (version.number, version.aliases, version.run_id) == ("1", ("challenger",), published.run_id)
    assert version.tags == {"information": "blind", "verdict": "not proven"}
    assert published.version == "1"


def test_the_run_holds_all_there_is_to_say(registry, make_record):
    run = registry.client.get_run(publish(registry, make_record()).run_id)

    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"log_loss": 0.61, "season.log_loss": 0.62}
    assert run.data.params == {"seed": "7"}
    assert run.data.tags["verdict"] == "not proven"
    history = registry.client.get_metric_history(run.info.run_id, "season.log_loss")
    assert [(point.step, point.value) for point in history] == [(2012, 0.6), (2013, 0.62)]


def test_more_figures_than_mlflow_takes_at_once_are_logged_all(registry, make_record):
    steps = [("figure", step, float(step)) for step in range(1_950)]

    run_id = publish(registry, make_record(steps=steps)).run_id

    assert len(registry.client.get_metric_history(run_id, "figure")) == 1_950


def test_a_new_version_takes_the_challenger_alias_and_leaves_the_champion(registry, make_record):
    publish(registry, make_record())
    registry.client.set_registered_model_alias(NAME, "champion", "1")

    publish(registry, make_record())

    assert {version.number: version.aliases for version in versions(registry, NAME)} == {
        "1": ("champion",),
        "2": ("challenger",),
    }


def test_a_stored_model_says_the_same_through_mlflow_as_through_busta(registry, make_record):
    publish(registry, make_record())
    frame = pd.DataFrame({"x": [0.0, 1.0]})

    through_mlflow = mlflow.pyfunc.load_model(f"models:/{NAME}@challenger")
    through_busta = fetch_model(registry, resolve(registry, NAME))

    np.testing.assert_allclose(through_mlflow.predict(frame), SAID, rtol=1e-12)
    np.testing.assert_array_equal(through_busta.predict(frame), through_mlflow.predict(frame))
    assert through_mlflow.metadata.get_input_schema().input_names() == ["x"]
    assert through_mlflow.metadata.metadata == {"information": "blind"}
    np.testing.assert_array_equal(through_mlflow.input_example["x"], frame["x"])


def test_what_is_stored_is_data_in_open_formats_and_one_loader(registry, home, make_record):
    publish(registry, make_record())

    (folder,) = home.glob("mlruns/*/models/*/artifacts")
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    (code,) = {name for name in files if name.endswith(".py")}
    assert code.startswith("code/busta_model_")
    assert {"data/model/model.json", "data/model/boosting.ubj", "requirements.txt", "MLmodel"} <= files
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".joblib", ".skops"))]
    assert (folder / "requirements.txt").read_text().split() == ["mlflow", "numpy", "pandas", "xgboost-cpu"]


def test_the_loader_needs_nothing_of_busta(registry, home, make_record):
    publish(registry, make_record())

    (code,) = home.glob("mlruns/*/models/*/artifacts/code/*.py")
    imports = [line for line in code.read_text().splitlines() if line.lstrip().startswith(("import ", "from "))]
    assert len(imports) == 6
    assert not [line for line in imports if "busta" in line]


def test_only_the_data_of_a_model_is_read_and_the_code_beside_it_is_not_run(registry, home, make_record, monkeypatch):
    publish(registry, make_record())
    (code,) = home.glob("mlruns/*/models/*/artifacts/code/*.py")
    monkeypatch.delitem(sys.modules, code.stem, raising=False)
    code.write_text("raise RuntimeError('the planted loader ran')")

    model = fetch_model(registry, resolve(registry, NAME))

    np.testing.assert_allclose(model.predict(pd.DataFrame({"x": [0.0, 1.0]})), SAID, rtol=1e-12)
    with pytest.raises(RuntimeError, match="planted loader"):
        mlflow.pyfunc.load_model(f"models:/{NAME}@challenger")


def test_the_out_of_fold_predictions_are_fetched_as_they_were_written(registry, make_record):
    publish(registry, make_record())

    assert fetch_predictions(registry, resolve(registry, NAME)).read_bytes() == b"stand-in"


@pytest.mark.parametrize("where", ["write_artifacts", "write_model"])
@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt])
def test_a_failure_leaves_no_version_a_failed_run_and_the_aliases_as_they_were(registry, make_record, where, kind):
    publish(registry, make_record())
    registry.client.set_registered_model_alias(NAME, "champion", "1")

    def fail(_folder):
        raise kind

    with pytest.raises(kind):
        publish(registry, make_record(**{where: fail}))

    (version,) = versions(registry, NAME)
    assert version.number == "1"
    assert set(version.aliases) == {"champion", "challenger"}
    assert sorted(run.info.status for run in runs(registry)) == ["FAILED", "FINISHED"]


def test_a_first_training_that_fails_leaves_no_model(registry, make_record):
    def fail(_folder):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        publish(registry, make_record(write_model=fail))

    assert registry.client.search_registered_models() == []
    assert versions(registry, NAME) == []


def test_ctrl_c_is_heard_once_all_is_written(registry, make_record):
    def write_artifacts(folder):
        _thread.interrupt_main()
        time.sleep(0.05)  # the main thread has it by now
        (folder / "predictions.parquet").write_bytes(b"stand-in")

    with pytest.raises(KeyboardInterrupt):
        publish(registry, make_record(write_artifacts=write_artifacts))

    (version,) = versions(registry, NAME)
    assert version.aliases == ("challenger",)
    assert [run.info.status for run in runs(registry)] == ["FINISHED"]
    assert fetch_predictions(registry, version).read_bytes() == b"stand-in"


def test_an_error_is_not_hidden_by_a_server_that_went_down_meanwhile(registry, make_record, monkeypatch):
    def fail(_folder):
        monkeypatch.setattr(registry.client, "set_terminated", down)
        raise OSError(28, "No space left on device")

    def down(*_arguments, **_options):
        raise ConnectionError

    with pytest.raises(OSError, match="No space"):
        publish(registry, make_record(write_artifacts=fail))


def test_two_trainings_at_once_both_get_a_version_and_one_of_them_the_alias(registry, make_record):
    together = threading.Barrier(2)
    found, errors = [], []

    def write_artifacts(folder):
        (folder / "predictions.parquet").write_bytes(b"stand-in")
        together.wait(10)

    def train():
        try:
            found.append(publish(registry, make_record(write_artifacts=write_artifacts)))
        except Exception as exc:  # noqa: BLE001 - shown by the assertion
            errors.append(exc)

    threads = [threading.Thread(target=train) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert errors == []
    assert sorted(one.version for one in found) == ["1", "2"]
    assert {version.number: version.run_id for version in versions(registry, NAME)} == {
        one.version: one.run_id for one in found
    }
    assert sorted(version.aliases for version in versions(registry, NAME)) == [(), ("challenger",)]
    assert {run.info.status for run in runs(registry)} == {"FINISHED"}
    for number in ("1", "2"):
        fetch_model(registry, resolve(registry, NAME, number))


def test_a_run_that_a_kill_left_open_is_closed_by_a_later_training(registry, make_record):
    experiment = registry.experiment(NAME)
    long_ago = int((time.time() - 4 * 3600) * 1000)
    dead = registry.client.create_run(experiment, start_time=long_ago).info.run_id
    alive = registry.client.create_run(experiment).info.run_id

    publish(registry, make_record())

    assert registry.client.get_run(dead).info.status == "KILLED"
    assert registry.client.get_run(alive).info.status == "RUNNING"
