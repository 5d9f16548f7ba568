from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from busta.leagues.sim import LEAGUE
from busta.markets.dataset import assemble
from busta.models import ensemble
from busta.performance.audit import pipeline
from busta.performance.audit.finding import Answer
from busta.performance.audit.pipeline import ordered_folds, permuted, permuted_labels, poisoned, poisoned_folds
from busta.plugins import markets, pick
from busta.settings import Train

SETTINGS = Train(jobs=1)


def rng():
    return np.random.default_rng(2)


@pytest.fixture(params=markets().values(), ids=lambda market: market.name)
def market(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["anchored", "blind"])
def blind(request):
    return request.param


@pytest.fixture
def data(gold, market, blind):
    return assemble(gold, LEAGUE, market, blind=blind)


def test_permuting_moves_results_within_their_week_together_with_their_lines(data):
    other = permuted(data, rng())
    assert other.X.tobytes() == data.X.tobytes()
    assert (other.value != data.value).any()
    for week in np.unique(data.weeks)[:20]:
        rows = data.weeks == week
        pairs = [np.stack([each.value[rows], each.line[rows], each.market_log_odds[rows]]) for each in (data, other)]
        ordered = [pair[:, np.lexsort(pair)] for pair in pairs]
        np.testing.assert_array_equal(*ordered)


def test_on_results_of_other_games_all_skill_is_gone(data):
    found = permuted_labels(data, SETTINGS, rng())
    assert found.answer == Answer.clean, found.words


def test_a_training_that_saw_the_answers_has_skill_on_any_results(monkeypatch, gold, blind):
    """The column is filled from whatever labels the training is given, as an encoding over all rows is."""
    data = assemble(gold, LEAGUE, pick("market", "ats"), blind=blind)
    honest = pipeline.permuted

    def told(table, generator):
        other = honest(table, generator)
        column = np.nan_to_num(other.y, nan=0.5) + generator.normal(0, 0.5, len(other))
        return replace(other, X=np.column_stack([other.X, column]), names=(*other.names, "told"))

    monkeypatch.setattr(pipeline, "permuted", told)
    found = permuted_labels(data, SETTINGS, rng())
    assert found.answer == Answer.leak
    assert found.figure > 0.01


def test_poisoned_test_games_teach_nothing(data):
    found = poisoned_folds(data, SETTINGS)
    assert found.answer == Answer.clean, found.words


def test_the_poison_harms_whoever_swallows_it(gold):
    data = assemble(gold, LEAGUE, pick("market", "ats"))
    rows = np.arange(700)
    bad = poisoned(data, rows[:5])
    assert pipeline._learned(data, rows, SETTINGS) != pipeline._learned(bad, rows, SETTINGS)


def test_a_scaler_fitted_on_all_games_is_found(monkeypatch, gold):
    data = assemble(gold, LEAGUE, pick("market", "ats"))

    def scaled(table, rows, settings):
        return ensemble.fit(replace(table, X=table.X / np.nanmax(np.abs(table.X), axis=0)), rows, settings)

    monkeypatch.setattr(pipeline, "fit", scaled)
    found = poisoned_folds(data, SETTINGS)
    assert found.answer == Answer.leak
    assert "changes with the games it is tested on" in found.words


def test_folds_in_order_are_clean(data):
    assert ordered_folds(data, SETTINGS).answer == Answer.clean


def test_a_fold_that_learns_from_its_own_games_is_found(monkeypatch, gold):
    data = assemble(gold, LEAGUE, pick("market", "ats"))
    honest = pipeline.walk_forward(data, SETTINGS)
    folds = [replace(fold, train=np.append(fold.train, fold.test[-1])) for fold in honest]
    monkeypatch.setattr(pipeline, "walk_forward", lambda _data, _settings: folds)
    found = ordered_folds(data, SETTINGS)
    assert found.answer == Answer.leak
    assert found.figure == len(folds)


def test_a_value_known_after_its_decision_is_found(gold):
    data = assemble(gold, LEAGUE, pick("market", "ats"))
    late = pl.when(pl.int_range(pl.len()) == 5).then("decision_time").otherwise("known_at").alias("known_at")
    found = ordered_folds(replace(data, games=data.games.with_columns(late)), SETTINGS)
    assert (found.answer, found.figure) == (Answer.leak, 1)
