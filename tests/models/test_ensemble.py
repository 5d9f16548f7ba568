"""Members fitted together and summed in log-odds."""

from dataclasses import replace

import numpy as np
import pytest

from busta.errors import DataError
from busta.models.calibration import NO_CALIBRATION
from busta.models.ensemble import fit, member_names
from busta.models.portable import blend
from busta.settings import Train
from support import planted

ROWS = np.arange(400)


def log_odds(model, data, rows):
    return model.log_odds(data.X[rows], data.offset[rows], data.line[rows])


def test_the_ensemble_is_the_weighted_sum_of_its_members_log_odds():
    data = planted()
    fitted = fit(data, ROWS, Train())
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    members = fitted.member_log_odds(data, ROWS)
    assert members.shape == (400, 4)
    np.testing.assert_array_equal(members[:, 0], data.offset[ROWS])
    found = log_odds(fitted.model(weights, NO_CALIBRATION), data, ROWS)
    np.testing.assert_array_equal(found, blend(members, weights))
    np.testing.assert_allclose(found, members @ weights)


@pytest.mark.parametrize("blind", [False, True])
def test_blind_and_anchored_models_are_fitted_with_their_own_members(blind):
    only = Train().blind.model_copy(update={"members": ("points", "linear")})
    settings = Train(blind=only) if blind else Train(anchored=only)
    assert member_names(settings, blind=blind) == ("market", "points", "linear")
    assert member_names(settings, blind=not blind) == ("market", "linear", "boosting", "points")
    fitted = fit(replace(planted(), blind=blind), ROWS, settings)
    assert [member.name for member in fitted.members] == ["market", "points", "linear"]


def test_the_model_says_what_it_is_made_of():
    data = planted(market="ats")
    spec = fit(data, ROWS, Train()).model(np.array([0.0, 0.2, 0.3, 0.5]), NO_CALIBRATION).spec
    assert spec["information"] == "anchored"
    assert spec["features"] == list(data.names)
    assert [member["weight"] for member in spec["members"]] == [0.0, 0.2, 0.3, 0.5]
    assert spec["distribution"]["sd"] > 0


@pytest.mark.parametrize("rows", [np.array([], dtype=np.int64), ROWS])
def test_outcomes_all_alike_are_nothing_to_learn_from(rows):
    data = planted()
    with pytest.raises(DataError, match=f"moneyline: cannot learn from {rows.size} games"):
        fit(replace(data, y=np.ones(len(data))), rows, Train())


def test_a_push_teaches_points_and_distribution_only():
    data = planted(market="ats")
    pushed = np.arange(0, 400, 4)
    y, value = data.y.copy(), data.value.copy()
    y[pushed], value[pushed] = np.nan, data.line[pushed]
    table = replace(data, y=y, value=value)
    both, alone = (fit(table, rows, Train()) for rows in (ROWS, np.setdiff1d(ROWS, pushed)))
    specs = [{member.name: member.spec for member in fitted.members} for fitted in (both, alone)]
    assert specs[0]["linear"] == specs[1]["linear"]
    assert specs[0]["points"] != specs[1]["points"]
    assert both.distribution.sd < alone.distribution.sd


def test_games_that_all_pushed_cannot_be_learned_from():
    data = planted()
    with pytest.raises(DataError, match="more results are needed"):
        fit(replace(data, y=np.full(len(data), np.nan)), ROWS, Train())
