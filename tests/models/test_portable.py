"""A model as data, read back without busta."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from busta.models import portable
from busta.models.calibration import NO_CALIBRATION
from busta.models.ensemble import fit
from busta.models.portable import LINE, OFFSET, PortableModel
from busta.settings import Train
from support import planted

SOURCE = Path(portable.__file__)
WEIGHTS = np.array([0.0, 0.2, 0.5, 0.3])

WITHOUT_BUSTA = """
import importlib.util, sys
import numpy as np

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "busta":
            raise ImportError(name)

sys.meta_path.insert(0, Nothing())
spec = importlib.util.spec_from_file_location("loader", sys.argv[1])
loader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(loader)
model = loader._load_pyfunc(sys.argv[2])
told = np.load(sys.argv[3])
print(repr(model.log_odds(told["X"], told["offset"], told["line"]).tolist()))
assert "busta" not in sys.modules
"""


@pytest.fixture(params=[False, True], ids=["anchored", "blind"])
def blind(request):
    return request.param


@pytest.fixture
def written(blind, tmp_path):
    """A fitted ensemble, its folder and its table, some values missing."""
    data = planted(blind=blind, market="ats")
    data.X[::11, 1] = np.nan
    fitted = fit(data, np.arange(500), Train()).model(WEIGHTS, NO_CALIBRATION)
    fitted.write(tmp_path / "model")
    return fitted, tmp_path / "model", data


def said(model, data):
    return model.log_odds(data.X, data.offset, data.line)


def frame(data):
    return pl.DataFrame(data.X, schema=list(data.names)).with_columns(
        pl.Series(OFFSET, data.market_log_odds), pl.Series(LINE, data.line)
    )


def test_a_folder_read_back_predicts_what_was_written(written):
    fitted, folder, data = written
    model = PortableModel.read(folder)
    expected = said(fitted, data)
    np.testing.assert_allclose(said(model, data), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(model.predict(frame(data)), 1 / (1 + np.exp(-expected)), rtol=0, atol=1e-12)


def test_columns_are_taken_by_name_and_others_left_alone(written):
    _, folder, data = written
    model = PortableModel.read(str(folder))
    straight = frame(data)
    mixed = straight.select(reversed(straight.columns)).with_columns(pl.lit(9.0).alias("other"))
    assert model.predict(mixed, {"any": 1}).tolist() == model.predict(straight).tolist()


def test_only_an_anchored_model_reads_the_market(written, blind):
    _, folder, data = written
    model = PortableModel.read(folder)
    moved = frame(data).with_columns(pl.col(OFFSET) + 1)
    assert (model.predict(moved).tolist() == model.predict(frame(data)).tolist()) == blind
    assert model.anchored is not blind


def test_a_folder_holds_json_and_the_trees_and_no_pickle(written):
    _, folder, _ = written
    assert sorted(path.name for path in folder.iterdir()) == ["boosting.ubj", "model.json"]
    assert (folder / "boosting.ubj").read_bytes()[:1] == b"{", "UBJSON begins with an object"
    spec = json.loads((folder / "model.json").read_text())
    assert spec["format"] == 2
    assert [member["kind"] for member in spec["members"]] == ["constant", "linear", "boosting", "linear"]
    assert [member["weight"] for member in spec["members"]] == WEIGHTS.tolist()
    assert spec["distribution"]["sd"] > 0


def test_a_calibration_of_the_folder_is_applied(written):
    _, folder, data = written
    spec = json.loads((folder / "model.json").read_text())
    plain = said(PortableModel.read(folder), data)
    calibration = {"kind": "linear", "slope": 0.5, "intercept": 0.1}
    (folder / "model.json").write_text(json.dumps(spec | {"calibration": calibration}))
    np.testing.assert_allclose(said(PortableModel.read(folder), data), 0.1 + 0.5 * plain)


def test_a_model_of_another_format_is_refused_with_what_to_do(written):
    _, folder, _ = written
    spec = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(spec | {"format": 1}))
    with pytest.raises(ValueError, match="format 1, this reads 2; train again"):
        PortableModel.read(folder)


def test_only_a_blind_model_of_points_reads_the_line(written, blind):
    _, folder, data = written
    model = PortableModel.read(folder)
    assert model.reads_line == blind
    straight = frame(data)
    moved = straight.with_columns(pl.col(LINE) + 3) if blind else straight.drop(LINE)
    assert (model.predict(moved) < model.predict(straight)).all() == blind


def test_the_loader_imports_nothing_but_numpy_and_xgboost():
    tree = ast.parse(SOURCE.read_text())
    found = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    found |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert {name.partition(".")[0] for name in found} - sys.stdlib_module_names == {"numpy", "xgboost"}


@pytest.mark.slow
def test_the_loader_predicts_the_same_where_busta_is_not_installed(tmp_path):
    data = planted(market="ats")
    fitted = fit(data, np.arange(500), Train()).model(WEIGHTS, NO_CALIBRATION)
    fitted.write(tmp_path / "model")
    rows = slice(500, 520)
    np.savez(tmp_path / "told.npz", X=data.X[rows], offset=data.offset[rows], line=data.line[rows])
    done = subprocess.run(
        [sys.executable, "-I", "-c", WITHOUT_BUSTA, SOURCE, tmp_path / "model", tmp_path / "told.npz"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = ast.literal_eval(done.stdout)
    np.testing.assert_allclose(
        told, fitted.log_odds(data.X[rows], data.offset[rows], data.line[rows]), rtol=0, atol=1e-12
    )
