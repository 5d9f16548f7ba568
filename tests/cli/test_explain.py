"""What `busta explain` prints."""

from __future__ import annotations

import pytest

from busta.cli.explain import _show
from workspaces import CURRENT


def test_a_forecast_is_shown_as_a_sum_and_what_stands_for_all_games_as_a_table(trained, capsys):
    import busta

    week = busta.Wanted(week=f"{CURRENT - 1}-05")
    game = busta.predict(trained.settings, "ats", week, "sim")["predictions"][0]["game_id"]
    found = busta.explain(trained.settings, "ats", game, "sim")
    _show(found)
    shown = capsys.readouterr().out
    assert f"{game}*" in shown
    assert "what it said before it had" in shown
    assert f"{found['log_odds']:+.4f}" in shown
    assert f"{found['probability']:.1%}" in shown

    _show(busta.explain(trained.settings, "ats", None, "sim"))
    shown = capsys.readouterr().out
    assert "highest fold" in shown
    assert found["features"][0]["feature"] in shown


@pytest.mark.parametrize("count", [3, 14])
def test_features_beyond_ten_are_summed(capsys, count):
    row = {"value": None, "linear": 0.1, "trees": 0.0, "part": 0.1}
    parts = {"market": 0.0, "level": 0.0, "features": 0.1 * count, "calibration": 0.0, "joint": 0.0}
    about = {"model": "m", "model_version": "1", "game_id": "g", "side": "home", "line": -3.0, "out_of_fold": False}
    features = [row | {"feature": f"f{i}"} for i in range(count)]
    _show(about | {"parts": parts, "features": features, "log_odds": 0.1, "probability": 0.5, "notes": {"joint": "so"}})
    shown = capsys.readouterr().out
    assert ("4 other features" in shown) == (count == 14)
    assert "unknown" in shown
    assert "home at -3" in shown
    assert "note: so" in shown
