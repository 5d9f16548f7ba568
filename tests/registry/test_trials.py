from __future__ import annotations

from dataclasses import asdict
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.entities import ViewType

from busta.errors import OutsideError
from busta.registry import trials as module
from busta.registry.publish import publish
from busta.registry.trials import Plan, Trial, count, declare, look, number, trials

LEAGUE, MARKET = "sim", "moneyline"
NAME = "busta-sim-moneyline"
PLAN = Plan(planned=20, horizon=1400, alpha=0.05)


@pytest.fixture
def log(registry):
    """Logs a run as a training does; returns its id."""

    def logged(started, *, model=NAME, metric="log_loss", status="FINISHED", **tags):
        run = registry.client.create_run(registry.experiment(model), start_time=started, tags=tags)
        registry.client.log_metric(run.info.run_id, metric, 0.6)
        registry.client.set_terminated(run.info.run_id, status)
        return run.info.run_id

    return logged


def tried(registry):
    return [trial.recipe for trial in trials(registry, LEAGUE, MARKET)]


def test_a_market_that_was_never_trained_has_no_trials(registry):
    assert trials(registry, LEAGUE, MARKET) == []
    assert count([]) == 0
    assert number([], "a") == 1


def test_a_published_training_is_a_trial(registry, make_record):
    published = publish(registry, make_record(started=12.5, tags={"recipe": "a", "searched": "30"}))

    assert trials(registry, LEAGUE, MARKET) == [Trial(NAME, published.run_id, 12_500, "a", 30)]


@pytest.mark.parametrize(
    ("tags", "season"),
    [({"seasons": "2010-2014"}, 2014), ({"seasons": "2014-2014"}, 2014), ({"seasons": "all"}, 0), ({}, 0)],
    ids=str,
)
def test_a_trial_knows_the_last_season_it_learned_from_where_its_run_says_so(registry, log, tags, season):
    log(1000, recipe="a", **tags)

    assert [trial.season for trial in trials(registry, LEAGUE, MARKET)] == [season]


def test_trials_come_in_order_of_time_whatever_their_kind(registry, log):
    log(3000, recipe="late")
    log(1000, model=f"{NAME}-blind", recipe="early")
    log(2000, model=f"{NAME}-open", recipe="between")
    log(2500, model=f"{NAME}-blind-open", recipe="then")
    log(500, model="busta-sim-ats", recipe="of another market")
    log(500, model="busta-nfl-moneyline", recipe="of another league")

    assert tried(registry) == ["early", "between", "then", "late"]


def test_failed_and_deleted_runs_count_if_they_had_figures(registry, log):
    log(1000, recipe="failed", status="FAILED")
    registry.client.delete_run(log(2000, recipe="deleted"))
    log(3000, recipe="killed before its figures", metric="something else")

    assert tried(registry) == ["failed", "deleted"]


def test_trials_of_a_deleted_experiment_count(registry, log):
    log(1000, recipe="a")
    registry.client.delete_experiment(registry.experiment(NAME))

    assert tried(registry) == ["a"]


def test_runs_of_an_older_busta_count_by_model_and_settings_and_without_those_each_by_itself(registry, log):
    for model in (NAME, NAME, f"{NAME}-open"):
        log(1000, model=model, hyperparameters='{"seed": "1"}')
    log(2000)
    log(3000)

    found = trials(registry, LEAGUE, MARKET)

    assert len(found) == 5
    assert count(found) == 4


def test_all_pages_are_read(registry, log, monkeypatch):
    monkeypatch.setattr(module, "_PAGE", 2)
    monkeypatch.setattr(module, "is_database", lambda _uri: False)
    for started in range(1, 6):
        log(started, recipe=str(started))

    assert tried(registry) == ["1", "2", "3", "4", "5"]
    page = registry.client.search_runs([registry.experiment(NAME)], run_view_type=ViewType.ALL, max_results=2)
    assert page.token, "one page holds all, so this proves nothing"


def test_training_a_recipe_again_is_no_new_trial():
    found = [Trial(NAME, str(i), i, recipe) for i, recipe in enumerate("aabacb")]

    assert count(found) == 3
    assert [number(found, recipe) for recipe in "abcd"] == [1, 2, 3, 4]


def test_a_search_counts_all_it_looked_at_and_once():
    found = [
        Trial(NAME, "1", 1, "a"),
        Trial(NAME, "2", 2, "best of ten", searched=10),
        Trial(NAME, "3", 3, "best of ten", searched=10),
        Trial(NAME, "4", 4, "b"),
    ]

    assert count(found) == 12
    assert [number(found, recipe) for recipe in ("a", "best of ten", "b", "new")] == [1, 11, 12, 13]


def test_training_again_on_the_same_season_is_no_new_look_and_one_more_season_is():
    found = [Trial(NAME, str(i), i, "a", season=season) for i, season in enumerate((2020, 2020, 2021, 2020))]

    assert [look(found, "a", season) for season in (2020, 2021, 2022, 2030)] == [1, 2, 3, 3]


def test_looks_at_another_recipe_are_its_own():
    found = [Trial(NAME, str(season), season, "a", season=season) for season in range(2015, 2022)]

    assert look(found, "b", 2021) == 1
    assert look([*found, Trial(NAME, "b", 2030, "b", season=2020)], "b", 2021) == 2


def test_the_first_look_is_the_first_whether_or_not_it_is_among_the_trials():
    assert look([], "a", 2021) == 1
    assert look([Trial(NAME, "1", 1, "a", season=2021)], "a", 2021) == 1


LOOKS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(2010, 2020)))


@given(LOOKS, st.integers(2010, 2020))
def test_a_look_keeps_its_number_whatever_is_looked_at_of_later_seasons(pairs, season):
    found = [Trial(NAME, str(i), i, recipe, season=year) for i, (recipe, year) in enumerate(pairs)]
    later = [Trial(NAME, "later", 99, recipe, season=season + 1) for recipe in "abc"]

    for recipe in "abc":
        assert look([*found, *later], recipe, season) == look(found, recipe, season)
        assert look([*found, *later], recipe, season + 1) == look(found, recipe, season + 1)


@given(LOOKS, st.integers(2010, 2020))
def test_noting_a_look_does_not_change_which_one_it_is(pairs, season):
    found = [Trial(NAME, str(i), i, recipe, season=year) for i, (recipe, year) in enumerate(pairs)]

    assert look([*found, Trial(NAME, "this", 99, "a", season=season)], "a", season) == look(found, "a", season)


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(1, 9))))
def test_numbers_are_distinct_and_the_last_one_is_the_count(pairs):
    found = [Trial(NAME, str(i), i, recipe, searched) for i, (recipe, searched) in enumerate(pairs)]
    numbers = [number(found, recipe) for recipe in dict.fromkeys(recipe for recipe, _ in pairs)]

    assert numbers == sorted(set(numbers))
    assert count(found) == max(numbers, default=0)
    assert number(found, "never tried") == count(found) + 1


@given(st.lists(st.sampled_from("abcde"), min_size=1), st.sampled_from("abcdef"))
def test_a_trial_keeps_its_number_whatever_is_tried_later(recipes, later):
    found = [Trial(NAME, str(i), i, recipe) for i, recipe in enumerate(recipes)]
    after = [*found, Trial(NAME, "later", len(found), later)]

    assert [number(after, recipe) for recipe in recipes] == [number(found, recipe) for recipe in recipes]


def test_the_plan_is_declared_once_and_holds(registry):
    assert declare(registry, LEAGUE, MARKET, PLAN) == PLAN
    assert declare(registry, LEAGUE, MARKET, Plan(planned=5, horizon=300, alpha=0.2)) == PLAN


def test_each_market_has_a_plan_of_its_own(registry):
    other = Plan(planned=5, horizon=300, alpha=0.1)
    declare(registry, LEAGUE, MARKET, PLAN)

    assert declare(registry, LEAGUE, "ats", other) == other
    assert declare(registry, LEAGUE, MARKET, other) == PLAN


def test_a_registry_that_went_down_is_said_in_one_line(registry, log, home):
    log(1000, recipe="a")
    (home / "mlflow.db").write_bytes(b"no database" * 100_000)

    with pytest.raises(OutsideError, match="failed: "):
        trials(registry, LEAGUE, MARKET)


def test_a_database_read_directly_and_through_mlflow_tells_the_same_trials(registry, log):
    log(1000, recipe="a", searched="3", seasons="2010-2014", verdict="not asked for")
    log(2000, model=f"{NAME}-blind", hyperparameters='{"seed": "1"}', status="FAILED")
    log(3000)
    registry.client.delete_run(log(4000, recipe="deleted"))
    log(5000, recipe="no figures", metric="something else")
    log(6000, model="busta-sim-ats", recipe="of another market")
    models = {registry.experiment(name): name for name in (NAME, f"{NAME}-blind")}

    direct, asked = (
        sorted(map(asdict, read(registry, models)), key=itemgetter("run_id"))
        for read in (module._from_tables, module._from_server)
    )

    assert direct == asked
    assert sorted(trial["started"] for trial in direct) == [1000, 2000, 3000, 4000]
    assert all(trial["artifacts"].endswith(f"{trial['run_id']}/artifacts") for trial in direct)


def test_a_server_is_asked_and_no_table_is_looked_for(registry, log, monkeypatch):
    log(1000, recipe="a")
    monkeypatch.setattr(module, "is_database", lambda _uri: False)
    monkeypatch.setattr(module, "_from_tables", lambda *_: pytest.fail("looked for tables"))

    assert tried(registry) == ["a"]
