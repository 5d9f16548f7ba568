"""A peer's published forecasts, recomputed: the figures that others found come out here, too."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from busta.betting.settlement import label
from busta.scoring.resampling import score_intervals

FOLDER = Path(os.environ.get("BUSTA_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")


@pytest.mark.real_data
def test_the_published_forecasts_of_a_peer_come_out_at_their_known_brier_score_behind_the_market():
    games = pl.read_csv(FOLDER / "nfl_538_published_forecasts_2015_2021.csv").drop_nulls("market_close_prob")
    y = label(games["result"].to_numpy(), 0.0)
    weeks = games["season"].to_numpy() * 100 + games["week"].to_numpy()
    market = games["market_close_prob"].to_numpy()

    found = score_intervals(games["fte_live_prob"].to_numpy(), y, weeks, {"market": market})["brier"]

    assert found["value"] == pytest.approx(0.2209, abs=5e-5)
    assert found["value"] - found["market"]["difference"] == pytest.approx(0.2136, abs=5e-5)
    assert 0 < found["market"]["low"] < found["market"]["high"]  # the market is better, and not by luck
    assert np.isnan(y).sum() == 7
