"""A search that is nested in the walk forward, and that a kill does not change."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import TrialState

from busta.models.space import GRID, SPACE, grid, propose, with_values
from busta.models.splits import walk_forward
from busta.models.study import ROUND, STARTUP, Asked, Study
from busta.models.tuning import search
from busta.models.walk import walk
from busta.settings import Boosting, Members, Train, Tune
from support import planted

COMPLETE = TrialState.COMPLETE
optuna.logging.set_verbosity(optuna.logging.WARNING)
FAST = Members(members=("linear", "points"))
TREES = Members(members=("boosting",), boosting=Boosting(rounds=20))
TRAIN = Train(anchored=FAST, blind=FAST, first_test_season=2005, min_train_games=100)


def table(**changes):
    return planted(market="ats", seasons=8, weeks=6, per_week=12, **changes)


def run(tmp_path, data=None, train=TRAIN, name="s", progress=lambda *_: None, **tune):
    chosen = Tune(**{"trials": 8} | tune)
    return search(
        table() if data is None else data, train, chosen, Study("s", chosen, train.seed, tmp_path / name), progress
    )


def told(found):
    """All of a search but how long it took."""
    return [(each.number, each.values, each.losses, each.guide) for each in found.candidates], found.chosen


@pytest.mark.parametrize("kind", ["tpe", "random", "grid"])
def test_every_way_proposes_what_lies_in_its_bounds_and_the_settings_themselves_come_first(tmp_path, kind):
    found = run(tmp_path, search=kind)
    assert found.candidates[0].number == -1
    assert found.candidates[0].values == {}
    assert len(found.candidates) == 9
    for each in found.candidates[1:]:
        for name, value in each.values.items():
            if name in {"features", "line_share"}:
                continue
            member, _, key = name.partition(".")
            if kind == "grid":
                assert value in GRID[member][key]
            else:
                assert SPACE[member][key].low <= value <= SPACE[member][key].high


def test_a_grid_ends_where_every_point_was_tried(tmp_path):
    found = run(tmp_path, search="grid", trials=100, prune=False)
    tried = [json.dumps(each.values, sort_keys=True) for each in found.candidates[1:]]
    assert len(tried) == len(set(tried)) == 9
    assert set(grid(FAST)) == {"linear.ridge", "points.ridge"}


def test_guides_are_seasons_before_the_first_tested_one(tmp_path):
    data = table()
    found = run(tmp_path, data)
    folds = walk_forward(data, TRAIN)
    assert found.guides == 2
    assert len(found.games) == 2 + len(folds)
    assert len(found.chosen) == len(found.settings) == len(folds) + 1


def test_what_is_proposed_and_what_a_fold_takes_does_not_change_with_its_own_or_later_games(tmp_path):
    data = table()
    fold = walk_forward(data, TRAIN)[1]
    later = np.arange(fold.test[0], len(data))
    y, value = data.y.copy(), data.value.copy()
    y[later], value[later] = 1 - y[later], 2 * data.line[later] - value[later]
    one, other = run(tmp_path, data, name="one"), run(tmp_path, replace(data, y=y, value=value), name="other")
    assert [each.values for each in one.candidates] == [each.values for each in other.candidates]
    assert [each.guide for each in one.candidates] == [each.guide for each in other.candidates]
    assert one.chosen[:2] == other.chosen[:2]
    assert [each.losses for each in one.candidates] != [each.losses for each in other.candidates]


@pytest.mark.slow
def test_it_is_the_same_on_one_thread_and_on_two(tmp_path):
    train = TRAIN.model_copy(update={"anchored": TREES})
    one, two = (
        run(tmp_path, train=train.model_copy(update={"jobs": jobs}), name=str(jobs), trials=20) for jobs in (1, 2)
    )
    assert told(one) == told(two)


def test_another_seed_tries_other_settings(tmp_path):
    one, two = run(tmp_path, name="a"), run(tmp_path, train=TRAIN.model_copy(update={"seed": 1}), name="b")
    assert one.candidates[1].values != two.candidates[1].values


def test_a_search_goes_on_where_it_ended_and_more_trials_leave_the_first_as_they_are(tmp_path):
    whole = run(tmp_path, name="whole", trials=12)
    first = run(tmp_path, name="parts", trials=8)
    both = run(tmp_path, name="parts", trials=12)
    assert told(both) == told(whole)
    assert told(first)[0] == told(whole)[0][:9]
    assert told(run(tmp_path, name="parts", trials=8)) == told(first), "the first eight of twelve"


def test_a_journal_that_a_kill_cut_goes_on_from_its_last_whole_line(tmp_path):
    whole = run(tmp_path, name="whole", trials=12)
    run(tmp_path, name="cut", trials=12)
    lines = (tmp_path / "cut").read_bytes().splitlines(keepends=True)
    starts = [i for i, line in enumerate(lines) if b'"op_code":4' in line.replace(b" ", b"")]
    (tmp_path / "cut").write_bytes(b"".join(lines[: starts[ROUND + 1]]) + lines[starts[ROUND + 1]][:20])
    assert [each.values for each in run(tmp_path, name="cut", trials=12).candidates] == [
        each.values for each in whole.candidates
    ]


KILLED = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from models.test_tuning import run, TRAIN
    print("go", flush=True)
    run(Path({folder!r}), name="killed", trials=40)
"""


@pytest.mark.slow
def test_kill_minus_nine_in_the_middle_then_resume_gives_what_an_undisturbed_search_gives(tmp_path):
    tests = str(Path(__file__).parents[1])
    code = textwrap.dedent(KILLED).format(tests=tests, folder=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    journal = tmp_path / "killed"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (journal.exists() and journal.read_bytes().count(b"\n") > 120):
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "it was killed at work, not at its end"
    assert told(run(tmp_path, name="killed", trials=40)) == told(run(tmp_path, name="whole", trials=40))


@pytest.mark.slow
def test_candidates_that_the_guides_show_to_be_worse_are_given_up(tmp_path):
    loose = Members(members=("boosting",), boosting=Boosting(rounds=20))
    train = TRAIN.model_copy(update={"anchored": loose, "first_test_season": 2007})
    pruned = run(tmp_path, train=train, trials=24, name="pruned")
    kept = run(tmp_path, train=train, trials=24, name="kept", prune=False)
    assert any(each.pruned for each in pruned.candidates)
    assert not any(each.pruned for each in kept.candidates)
    for each in pruned.candidates:
        assert (pruned.tested(each) is None) == each.pruned
        assert each.number not in pruned.chosen or not each.pruned


@given(
    before=st.lists(st.lists(st.floats(0.5, 0.9), min_size=3, max_size=3), max_size=STARTUP + 3),
    own=st.lists(st.floats(0.5, 0.9), min_size=1, max_size=3),
)
def test_given_up_is_what_optunas_median_pruner_gives_up(before, own):
    study = optuna.create_study(pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=1))
    for guides in before:
        study.add_trial(
            optuna.trial.create_trial(value=guides[-1], intermediate_values=dict(enumerate(guides)), state=COMPLETE)
        )
    trial = study.ask()
    for step, loss in enumerate(own):
        trial.report(loss, step)
    medians = tuple(np.median(before, axis=0).tolist()) if len(before) >= STARTUP else ()
    assert Asked(0, {}, medians).gives_up(own) == trial.should_prune()


def test_a_bad_start_is_mended_by_what_earlier_seasons_show(tmp_path):
    """Ridge so heavy that nothing is learned, although a feature carries much."""
    heavy = Members(members=("linear",)).model_copy(update={"linear": FAST.linear.model_copy(update={"ridge": 1e6})})
    train = TRAIN.model_copy(update={"anchored": heavy})
    data = table(signal=1.5)
    found = run(tmp_path, data, train, trials=8, search="random", prune=False)
    assert set(found.chosen) != {-1}
    assert -1 not in found.chosen[1:]
    plain, tuned = walk(data, train), walk(data, train, chosen=found.settings)
    y = data.y[plain.rows]
    known = ~np.isnan(y)

    def loss(p):
        return -np.log(np.where(y > 0, p, 1 - p))[known].mean()

    assert loss(tuned.probability) < loss(plain.probability) - 0.02
    by_number = {each.number: each for each in found.candidates}
    nested = sum(by_number[n].losses[found.guides + i] for i, n in enumerate(found.chosen[:-1]))
    alone = 1 / (1 + np.exp(-tuned.member_log_odds[:, 1]))
    assert nested / known.sum() == pytest.approx(loss(alone)), "the walk fits again what the search had fitted"


def test_without_a_season_before_the_first_tested_one_nothing_guides_it_and_that_is_said(tmp_path):
    train = TRAIN.model_copy(update={"first_test_season": 2002, "min_train_games": 50})
    found = run(tmp_path, train=train)
    assert found.guides == 0
    assert "it is random" in found.notes["guides"]
    assert all(each.guide is None for each in found.candidates)


def test_progress_tells_how_far_it_is_and_the_best_so_far(tmp_path):
    seen = []
    found = run(tmp_path, progress=lambda *told: seen.append(told))
    assert [done for done, _, _ in seen] == [4, 8]
    assert seen[-1][2] == min(each.guide for each in found.candidates[1:])


def test_settings_are_changed_by_dotted_names_and_checked():
    changed = with_values(Members(), {"boosting.eta": 0.5, "features": "stable"})
    assert changed.boosting.eta == 0.5
    assert changed.features == "stable"
    assert changed.linear == Members().linear
    with pytest.raises(ValueError, match="less than or equal to 1"):
        with_values(Members(), {"line_share": 2.0})


def test_only_members_that_are_used_are_searched_and_only_blind_ones_mix_in_the_line():
    study = optuna.create_study()
    for blind in (False, True):
        names = set(propose(study.ask(), FAST, blind=blind))
        assert names == {"linear.ridge", "points.ridge", "features"} | ({"line_share"} if blind else set())
