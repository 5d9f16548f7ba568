from __future__ import annotations

import _thread
import json
import subprocess
import sys
import threading
import time

import mlflow
import numpy as np
import pandas as pd
import pytest

from busta.data.process import this_process
from busta.errors import OutsideError
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


CAME_OUT = {"recipe": "a", "digest": "b"}


@pytest.fixture(scope="module")
def dead():
    """A process of this machine that has ended."""
    code = "import json; from busta.data.process import this_process; print(json.dumps(this_process()))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def kill_before_the_end(registry, published, process):
    """As a kill leaves it between the version and what comes after."""
    registry.client.delete_registered_model_alias(NAME, "challenger")
    registry.client.update_run(published.run_id, status="RUNNING")
    registry.client.set_tag(published.run_id, "busta.process", process)


def test_a_training_killed_once_its_version_stood_is_finished_by_the_same_run_again(registry, make_record, dead):
    killed = publish(registry, make_record(tags=CAME_OUT))
    kill_before_the_end(registry, killed, dead)

    assert publish(registry, make_record(tags=CAME_OUT)) == killed

    (version,) = versions(registry, NAME)
    assert version.aliases == ("challenger",)
    assert [run.info.status for run in runs(registry)] == ["FINISHED"]


def test_a_training_that_came_out_otherwise_gets_a_version_of_its_own_beside_a_killed_one(registry, make_record, dead):
    kill_before_the_end(registry, publish(registry, make_record(tags=CAME_OUT)), dead)

    publish(registry, make_record(tags=CAME_OUT | {"digest": "c"}))

    assert {each.number: each.aliases for each in versions(registry, NAME)} == {"1": (), "2": ("challenger",)}
    assert [run.info.status for run in runs(registry)] == ["FINISHED", "FINISHED"]


def test_a_version_that_a_living_process_is_about_to_finish_is_left_to_it(registry, make_record):
    kill_before_the_end(registry, publish(registry, make_record(tags=CAME_OUT)), json.dumps(this_process()))

    assert publish(registry, make_record(tags=CAME_OUT)).version == "2"
    assert sorted(run.info.status for run in runs(registry)) == ["FINISHED", "RUNNING"]


def test_a_training_that_is_known_to_be_the_same_is_published_once(registry, make_record):
    first = publish(registry, make_record(tags=CAME_OUT, key="of a supervisor"))

    assert publish(registry, make_record(tags=CAME_OUT, key="of a supervisor")) == first
    assert publish(registry, make_record(tags=CAME_OUT | {"digest": "c"}, key="of a supervisor")).version == "2"
    assert publish(registry, make_record(tags=CAME_OUT)).version == "3"


def test_a_run_without_a_version_whose_process_is_dead_is_closed_at_once(registry, make_record, dead):
    tags = {"busta.process": dead}
    left = registry.client.create_run(registry.experiment(NAME), tags=tags).info.run_id

    publish(registry, make_record())

    assert registry.client.get_run(left).info.status == "KILLED"


@pytest.mark.parametrize("name", ["create_run", "log_artifacts", "create_model_version", "set_registered_model_alias"])
def test_an_answer_that_is_lost_once_costs_a_patient_training_nothing(registry, make_record, monkeypatch, name):
    real, asked = getattr(registry.client, name), []

    def lost(*arguments, **options):
        found = real(*arguments, **options)
        asked.append(name)
        if len(asked) == 1:
            raise mlflow.MlflowException("Max retries exceeded")
        return found

    monkeypatch.setattr(registry.client, name, lost)

    published = publish(registry, make_record(), patience=60.0)

    (version,) = versions(registry, NAME)
    assert (version.number, version.run_id, version.aliases) == ("1", published.run_id, ("challenger",))
    assert registry.client.get_run(published.run_id).info.status == "FINISHED"
    assert "RUNNING" not in {run.info.status for run in runs(registry)}


def test_no_run_stays_open_where_mlflow_made_two_as_its_client_asked_again(registry, make_record, monkeypatch):
    real = registry.client.create_run
    others = registry.client.create_run(registry.experiment(NAME), tags={"busta.process": json.dumps(this_process())})

    def twice(*arguments, **options):
        real(*arguments, **options)
        return real(*arguments, **options)

    monkeypatch.setattr(registry.client, "create_run", twice)

    published = publish(registry, make_record(candidates=[({"depth": "2"}, {"loss": 0.5})]))

    status = {run.info.run_id: run.info.status for run in runs(registry)}
    assert status.pop(published.run_id) == "FINISHED"
    assert status.pop(others.info.run_id) == "RUNNING"
    assert sorted(status.values()) == ["FINISHED", "KILLED", "KILLED"]  # a candidate, and a twin of both


def test_an_impatient_training_gives_up_at_once_and_leaves_no_version(registry, make_record, monkeypatch):
    def lost(*_arguments, **_options):
        raise mlflow.MlflowException("Max retries exceeded")

    monkeypatch.setattr(registry.client, "log_batch", lost)

    with pytest.raises(OutsideError, match="Max retries exceeded"):
        publish(registry, make_record())
    assert versions(registry, NAME) == []
    assert [run.info.status for run in runs(registry)] == ["FAILED"]


def test_of_versions_that_mlflows_client_made_twice_one_stays(registry, make_record, monkeypatch):
    real = registry.client.create_model_version

    def twice(*arguments, **options):
        real(*arguments, **options)
        return real(*arguments, **options)

    monkeypatch.setattr(registry.client, "create_model_version", twice)

    assert publish(registry, make_record()).version == "1"
    assert [version.number for version in versions(registry, NAME)] == ["1"]
