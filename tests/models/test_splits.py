"""Walk-forward splits: by time alone."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busta.errors import DataError
from busta.models.splits import first_test_season, walk_forward
from busta.settings import Train
from support import planted

DATA = planted(seasons=5, weeks=8, per_week=10)
FEW = Train(min_train_games=50)


def table(seed, moment, blind):
    """Games of which some are postponed, not played, pushed or without a price."""
    rng = np.random.default_rng(seed)
    data = planted(seasons=4, weeks=6, per_week=20, moment=moment, seed=1)
    late = pl.Series([timedelta(days=int(n)) for n in np.where(rng.uniform(size=len(data)) < 0.1, 9, 0)])
    games = data.games.with_columns(pl.col("kickoff", "decision_time", "final_time") + late)
    hole = rng.uniform(size=(3, len(data))) < 0.1
    value, y, odds = data.value.copy(), data.y.copy(), data.market_log_odds.copy()
    value[hole[0]] = y[hole[0]] = y[hole[1]] = odds[hole[2]] = np.nan
    return replace(data, games=games, value=value, y=y, market_log_odds=odds, blind=blind)


tables = given(
    st.tuples(st.integers(0, 2**32 - 1), st.sampled_from(["open", "close"]), st.booleans()),
    st.builds(
        Train,
        min_train_games=st.just(50),
        window=st.none() | st.integers(1, 3),
        refit_weeks=st.none() | st.integers(1, 4),
    ),
)


def times(data, column):
    return data.games[column].dt.epoch("us").to_numpy()


@settings(max_examples=60)
@tables
def test_training_games_were_final_before_the_first_decision_of_their_block(which, how):
    data = table(*which)
    final, decided = times(data, "final_time"), times(data, "decision_time")
    for fold in walk_forward(data, how):
        assert final[fold.train].max() < decided[fold.test].min()
        assert not np.isnan(data.value[fold.train]).any()
        assert fold.train.size >= how.min_train_games


@settings(max_examples=60)
@tables
def test_every_played_game_is_tested_at_most_once_and_in_one_season(which, how):
    data = table(*which)
    folds = walk_forward(data, how)
    tested = np.concatenate([fold.test for fold in folds])
    assert len(np.unique(tested)) == tested.size
    assert not np.isnan(data.value[tested]).any()
    assert data.blind or not np.isnan(data.market_log_odds[tested]).any()
    season = data.games["season"].to_numpy()
    for fold in folds:
        assert not np.intersect1d(fold.train, fold.test).size
        assert set(season[fold.test]) == {fold.season}
    assert [fold.season for fold in folds] == sorted(fold.season for fold in folds)


def test_without_postponed_games_all_that_is_final_is_learned_from():
    data = planted(seasons=5, weeks=8, per_week=10)
    season = data.games["season"].to_numpy()
    folds = walk_forward(data, FEW)
    assert [fold.season for fold in folds] == [2002, 2003, 2004, 2005]
    for fold in folds:
        assert fold.test.tolist() == np.flatnonzero(season == fold.season).tolist()
        assert fold.train.tolist() == np.flatnonzero(season < fold.season).tolist()


def test_a_window_keeps_only_the_last_seasons():
    season = DATA.games["season"].to_numpy()
    for fold in walk_forward(DATA, Train(min_train_games=50, window=2)):
        wanted = (season < fold.season) & (season >= fold.season - 2)
        assert fold.train.tolist() == np.flatnonzero(wanted).tolist()


def test_refitting_cuts_a_season_into_blocks_of_weeks_and_learns_from_the_weeks_before():
    week, season = DATA.games["week"].to_numpy(), DATA.games["season"].to_numpy()
    folds = walk_forward(DATA, Train(min_train_games=50, first_test_season=2005, refit_weeks=3))
    assert [sorted(set(week[fold.test])) for fold in folds] == [[1, 2, 3], [4, 5, 6], [7, 8]]
    for fold in folds:
        assert fold.train.tolist() == np.flatnonzero((season < 2005) | (week < week[fold.test].min())).tolist()


def test_at_the_open_the_week_before_is_not_final_when_a_week_is_decided():
    data = planted(seasons=3, weeks=6, per_week=20, moment="open")
    week, season = data.games["week"].to_numpy(), data.games["season"].to_numpy()
    for fold in walk_forward(data, Train(min_train_games=50, first_test_season=2003, refit_weeks=1)):
        this = week[fold.test].min()
        assert fold.train.tolist() == np.flatnonzero((season < 2003) | (week < this - 1)).tolist()


def test_a_block_with_too_few_earlier_games_is_not_tested():
    enough = walk_forward(DATA, Train(min_train_games=160, first_test_season=2001))
    assert [fold.season for fold in enough] == [2003, 2004, 2005]
    one_short = walk_forward(DATA, Train(min_train_games=161, first_test_season=2001))
    assert [fold.season for fold in one_short] == [2004, 2005]


def test_a_push_is_tested_and_learned_from_and_a_game_not_played_is_neither():
    y, value = DATA.y.copy(), DATA.value.copy()
    first, last = 0, len(DATA) - 1
    y[[first, last]] = np.nan
    pushed = walk_forward(replace(DATA, y=y), FEW)
    assert last in pushed[-1].test
    assert first in pushed[-1].train
    value[last] = np.nan
    assert last not in walk_forward(replace(DATA, y=y, value=value), FEW)[-1].test


def test_a_game_without_a_market_price_is_for_blind_models_only():
    odds = DATA.market_log_odds.copy()
    odds[[0, -1]] = np.nan
    anchored, blind = (walk_forward(replace(DATA, market_log_odds=odds, blind=b), FEW)[-1] for b in (False, True))
    assert (anchored.train[0], anchored.test[-1]) == (1, len(DATA) - 2)
    assert (blind.train[0], blind.test[-1]) == (0, len(DATA) - 1)


@pytest.mark.parametrize(("count", "first"), [(1, 0), (2, 1), (3, 1), (5, 1), (6, 2), (24, 8)])
def test_the_first_test_season_comes_after_a_third_of_them(count, first):
    seasons = np.repeat(np.arange(2000, 2000 + count), 3)
    assert first_test_season(seasons) == 2000 + first


def test_without_finished_games_there_is_nothing_to_learn_from():
    unplayed = replace(DATA, value=np.full(len(DATA), np.nan), y=np.full(len(DATA), np.nan))
    for how in (FEW, Train(first_test_season=2003)):
        with pytest.raises(DataError, match="no finished games to learn from; ingest results first"):
            walk_forward(unplayed, how)


def test_where_no_season_is_left_to_test_the_message_says_what_to_set():
    with pytest.raises(DataError) as caught:
        walk_forward(DATA, Train(min_train_games=400))
    assert str(caught.value) == (
        "no season to test on: 400 usable games of seasons 2001-2005, tests start with 2002, "
        "each needs 400 earlier games; set train.first_test_season or train.min_train_games"
    )
    with pytest.raises(DataError, match="tests start with 2030"):
        walk_forward(DATA, Train(first_test_season=2030))
