"""What a column tells of surprises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from busta.performance.audit.association import group_z, links, ranks
from busta.performance.audit.surprise import surprise


@given(arrays(np.float64, st.integers(1, 30), elements=st.sampled_from([np.nan, -1.0, 0.0, 2.5, 7.0])))
def test_ranks_are_those_of_the_filled_cells(x):
    dense, share = ranks(x)
    filled = ~np.isnan(x)
    assert (dense[~filled] == -1).all()
    assert np.isnan(share[~filled]).all()
    assert np.array_equal(dense[filled] + 1, rankdata(x[filled], "dense"))
    assert share[filled] == pytest.approx((rankdata(x[filled]) - 0.5) / max(filled.sum(), 1))


def test_a_group_is_tested_as_its_indicator_is(made):
    found = surprise(made().table)
    code = np.random.default_rng(0).integers(0, 7, found.size)
    z, count = group_z(found, code, 8)
    assert z[:7] == pytest.approx(found.z((code[:, None] == np.arange(7)).astype(float)), rel=1e-3)
    assert z[7] == 0
    assert count.sum() == found.size
    assert group_z(found, np.zeros(found.size, dtype=np.int64), 1)[0].tolist() == [0.0]


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("trend", lambda r, rng: 5 - 2 * r + rng.normal(0, 2, r.size)),
        (
            "range",
            lambda r, rng: np.where(
                (r > 1) & (rng.random(r.size) < 0.8), 9 + rng.random(r.size), rng.normal(size=r.size)
            ),
        ),
        ("value", lambda r, rng: np.where((r > 1) & (rng.random(r.size) < 0.8), 0.123, rng.normal(size=r.size))),
        ("empty", lambda r, rng: np.where((r < 0) & (rng.random(r.size) < 0.5), np.nan, rng.normal(size=r.size))),
    ],
)
def test_what_a_column_tells_is_found_in_its_own_way(made, kind, column):
    found = surprise(made().table)
    z = {
        link.kind: abs(link.z)
        for link in links(found, column(found.residual, np.random.default_rng(0)), categorical=False)
    }
    assert z[kind] > 10


def test_levels_without_an_order_are_told_by_all_together(made):
    found = surprise(made().table)
    rng = np.random.default_rng(0)
    lucky = rng.permutation(40)
    code = np.where(found.residual > 0, lucky[rng.integers(0, 25, found.size)], lucky[rng.integers(15, 40, found.size)])
    by_kind = {link.kind: link for link in links(found, code.astype(float), categorical=True)}
    assert set(by_kind) == {"value", "levels"}
    assert by_kind["levels"].z > 10
    assert 0.3 < by_kind["levels"].effect < 1


def test_a_column_that_never_changes_tells_nothing(made):
    found = surprise(made().table)
    assert links(found, np.full(found.size, 3.0), categorical=False) == []
    assert links(found, np.full(found.size, np.nan), categorical=False) == []


def test_a_column_that_is_hardly_ever_filled_has_no_parts(made):
    found = surprise(made().table)
    x = np.where(np.arange(found.size) < 15, found.residual, np.nan)
    assert {link.kind: link.z for link in links(found, x, categorical=False)}["range"] == 0


def test_an_honest_column_stays_within_luck(made):
    found = surprise(made().table)
    rng = np.random.default_rng(3)
    z = [abs(link.z) for _ in range(200) for link in links(found, rng.normal(size=found.size), categorical=False)]
    assert max(z) < 5.5
