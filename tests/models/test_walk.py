"""The walk forward."""

from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from busta.errors import DataError
from busta.leagues.sim import LEAGUE
from busta.markets.dataset import assemble
from busta.models.calibration import calibrate
from busta.models.distribution import distribution_scores
from busta.models.ensemble import fit
from busta.models.ladder import climb
from busta.models.prequential import pasts
from busta.models.walk import walk
from busta.plugins import markets
from busta.scoring.proper import log_loss
from busta.settings import Train
from support import planted

ARRAYS = ("rows", "fold", "probability", "triples", "member_log_odds", "importances")


def as_bytes(found, data):
    """All numbers of a walk."""
    numbers = [getattr(found, name).tobytes() for name in ARRAYS]
    for named in (found.baselines, found.means, found.distribution_scores):
        numbers += [values.tobytes() for values in named.values()]
    numbers += [rung.weights.tobytes() for rung in found.rungs]
    return [*numbers, found.calibrations, said(found.final, data).tobytes()]


def said(model, data, rows=slice(None)):
    """The log-odds a model gives to those games."""
    return model.log_odds(data.X[rows], data.offset[rows], data.line[rows])


@pytest.fixture(scope="module", params=markets().values(), ids=lambda market: market.name)
def data(request, gold):
    """Each market's table of the simulated world."""
    return assemble(gold, LEAGUE, request.param)


@pytest.fixture(scope="module")
def found(data):
    return walk(data, Train(jobs=1))


def test_it_is_the_same_bit_for_bit_on_one_thread_and_on_two(data, found):
    assert as_bytes(found, data) == as_bytes(walk(data, Train(jobs=2)), data)


def test_it_is_the_same_bit_for_bit_however_many_threads_algebra_may_use(data, found):
    for threads in (1, 2):
        with threadpool_limits(threads):
            assert as_bytes(found, data) == as_bytes(walk(data, Train(jobs=1)), data)


def test_a_game_alone_is_predicted_bit_for_bit_as_among_others(data, found):
    together = said(found.final, data)
    for row in range(600, 640):
        alone = said(found.final, data, [row])
        assert alone.tolist() == [together[row]]


def test_another_seed_gives_other_bytes(data, found):
    assert as_bytes(found, data) != as_bytes(walk(data, Train(jobs=1, seed=21)), data)


def test_every_test_game_is_predicted_once(data, found):
    season = data.games["season"].to_numpy()
    played = ~np.isnan(data.value)
    assert found.rows.tolist() == np.flatnonzero(played & (season >= found.folds[0].season)).tolist()
    for name in ("fold", "probability", "triples", "member_log_odds"):
        assert len(getattr(found, name)) == found.rows.size
    for number, fold in enumerate(found.folds):
        assert found.rows[found.fold == number].tolist() == fold.test.tolist()
    assert tuple(found.baselines) == ("closing_line", "closing_line_recalibrated", "elo", "favourite", "home")
    assert tuple(found.means) == ("model", "market", "closing")
    assert set(found.distribution_scores) == {"crps", "exact_log_score", "closing_crps", "closing_exact_log_score"}
    for named in (found.baselines, found.means, found.distribution_scores):
        assert {values.size for values in named.values()} == {found.rows.size}


def test_win_push_and_lose_sum_to_one_and_agree_with_the_probability(found, data):
    win, push, lose = found.triples.T
    np.testing.assert_allclose(win + push + lose, 1, atol=1e-12)
    np.testing.assert_allclose(win / (win + lose), found.probability, atol=1e-9)
    whole = data.line[found.rows] % 1 == 0
    assert (push[whole] > 0).all()
    assert not push[~whole].any()


def test_the_model_s_mean_is_the_one_that_gives_its_probability_at_the_line(found, data):
    line = data.line[found.rows]
    for number, fold in enumerate(found.folds):
        here = found.fold == number
        with threadpool_limits(1):
            distribution = fit(data, fold.train, Train()).distribution
        triples = distribution.win_push_lose(found.means["model"][here], line[here])
        np.testing.assert_allclose(triples, found.triples[here], atol=1e-6)
        assert found.means["market"][here].tolist() == found.means["closing"][here].tolist(), "the close is bet"
        if number:
            continue
        alone = distribution_scores(distribution, found.means["closing"][here], data.value[fold.test])
        np.testing.assert_array_equal(found.distribution_scores["closing_crps"][here], alone["crps"])
        alone = distribution_scores(distribution, found.means["model"][here], data.value[fold.test])
        np.testing.assert_array_equal(found.distribution_scores["exact_log_score"][here], alone["exact_log_score"])


def test_the_recalibrated_line_knows_nothing_of_its_own_or_later_folds():
    data = planted()
    found = walk(data, Train(jobs=1))
    fold = found.folds[1]
    y, value = data.y.copy(), data.value.copy()
    y[fold.test[0] :], value[fold.test[0] :] = 1 - y[fold.test[0] :], -value[fold.test[0] :]
    changed = walk(replace(data, y=y, value=value), Train(jobs=1))
    until, after = found.fold <= 1, found.fold > 1
    one, other = (each.baselines["closing_line_recalibrated"] for each in (found, changed))
    assert one[until].tolist() == other[until].tolist()
    assert one[after].tolist() != other[after].tolist()


def test_a_fold_is_what_an_ensemble_of_its_training_games_says(data, found):
    fold = found.folds[2]
    with threadpool_limits(1):
        alone = fit(data, fold.train, Train())
    here = found.fold == 2
    model = alone.model(found.rungs[2].weights, found.calibrations[2])
    np.testing.assert_array_equal(found.member_log_odds[here], alone.member_log_odds(data, fold.test))
    np.testing.assert_allclose(found.probability[here], 1 / (1 + np.exp(-said(model, data, fold.test))))
    parts = found.parts.log_odds[here]
    np.testing.assert_allclose(parts, said(model, data, fold.test), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.importances[2], np.abs(found.parts.features[here]).mean(axis=0))


def test_rungs_and_calibrations_are_chosen_by_the_folds_before(data, found):
    y = data.y[found.rows]
    learned = int((~np.isnan(data.value)).sum())
    past = list(pasts(data, found.folds, learned))
    rungs = climb(found.members, found.member_log_odds, y, past, None)
    assert [str(rung) for rung in found.rungs] == [str(rung) for rung in rungs]
    blended = np.concatenate(
        [found.member_log_odds[found.fold == i] @ rung.weights for i, rung in enumerate(rungs[:-1])]
    )
    chosen = [calibration["kind"] for calibration in calibrate(blended, y, past, None)]
    assert [calibration["kind"] for calibration in found.calibrations] == chosen
    assert len(rungs) == len(found.folds) + 1


def test_rung_and_calibration_can_be_set():
    data = planted(seasons=10, per_week=20)
    members = Train().anchored.model_copy(update={"rung": "stack", "calibration": "platt"})
    found = walk(data, Train(jobs=1, anchored=members))
    assert {rung.name for rung in found.rungs} == {"stack"}
    assert found.calibrations[-1]["slope"] != 1.0


def test_the_final_ensemble_has_learned_from_all_finished_games(data, found):
    rows = np.flatnonzero(~np.isnan(data.value))
    with threadpool_limits(1):
        everything = fit(data, rows, Train()).model(found.rungs[-1].weights, found.calibrations[-1])
    np.testing.assert_array_equal(said(found.final, data), said(everything, data))


def test_a_planted_signal_beats_the_market_and_no_signal_does_not_harm():
    loose = Train(jobs=1, anchored=Train().blind)
    for signal, better in ((0.8, True), (0.0, False)):
        data = planted(signal=signal, seasons=8, per_week=20)
        found = walk(data, loose)
        y = data.y[found.rows]
        gap = log_loss(found.probability, y) - log_loss(found.baselines["closing_line"], y)
        assert (gap < -0.02) if better else (abs(gap) < 0.01)


def test_progress_counts_every_fold_and_the_final_fit():
    seen = []
    data = planted()
    found = walk(data, Train(jobs=2), lambda done, of: seen.append((done, of)))
    assert sorted(seen) == [(n, len(found.folds) + 1) for n in range(1, len(found.folds) + 2)]


def test_pushes_are_predicted():
    data = planted()
    y = data.y.copy()
    y[-5:] = y[:5] = np.nan
    found = walk(replace(data, y=y), Train(jobs=1))
    assert np.isfinite(found.probability[-5:]).all()
    assert found.rows[-5:].tolist() == list(range(len(data) - 5, len(data)))


def test_results_all_alike_are_refused():
    data = planted()
    with pytest.raises(DataError, match="outcomes are all the same"):
        walk(replace(data, y=np.ones(len(data))), Train(jobs=1))
