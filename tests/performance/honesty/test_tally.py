"""Counting over worlds."""

import numpy as np
import pytest

from busta.performance.honesty.tally import Share, Tally


def test_wilsons_interval():
    share = Share(10, 200)
    assert (share.low, share.high) == pytest.approx((0.0274, 0.0896), abs=1e-4)  # Newcombe (1998), method 3
    assert Share(0, 100).low == pytest.approx(0, abs=1e-12)
    assert Share(0, 100).high > 0.03


def test_nothing_counted_is_nan():
    assert np.isnan([Share(0, 0).value, Share(0, 0).low, Share(0, 0).high, Tally().mean("x")]).all()


def test_sums_grow_chunk_by_chunk():
    tally = Tally()
    tally.add(a=[True, False], b=[1.0, np.nan])
    tally.add(a=[True, True])
    assert tally.share("a") == Share(3, 4)
    assert tally.mean("b") == 1.0
