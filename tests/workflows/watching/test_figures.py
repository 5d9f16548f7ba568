from __future__ import annotations

import json

import polars as pl
import pytest

import busta
from busta.data.tables import Tables
from busta.errors import OutsideError
from busta.ledger.predictions import prediction
from busta.ledger.storage import Draft, Ledger
from busta.workflows.predicting import explain
from busta.workflows.watching import figures_models
from busta.workflows.watching.figures import Figures, decisions, games_of, money, slates
from busta.workflows.watching.figures_models import LEADING, Models, by_season, leading
from support import at, game
from support import games_of as games_table
from workspaces import register_again

MODEL = "busta-sim-moneyline"


def week(start: int, **changes):
    return game("BOS", "LAX", f"2022-11-{start:02d} 18:00", **changes)


def test_games_are_overdue_a_day_after_their_start_unless_later_ones_have_a_score():
    rows = [week(1), week(2, score=(1, 0)), week(3), week(4), week(9)]
    found = games_of(games_table(*rows), at("2022-11-05 17:00"))
    assert found == {
        "as_of": "2022-11-05T17:00:00+00:00",
        "games": 5,
        "last_result": "2022-11-02T18:00:00+00:00",
        "next_game": "2022-11-09T18:00:00+00:00",
        "overdue": 1,  # the third: the first was postponed, the fourth began less than a day ago
    }


def test_a_league_without_any_score_has_no_last_result():
    found = games_of(games_table(week(3)), at("2022-11-05 17:00"))
    assert (found["last_result"], found["next_game"], found["overdue"]) == (None, None, 1)


def test_decisions_are_counted_by_model_and_word_and_no_text_becomes_a_label(tmp_path):
    settings = busta.load(home=tmp_path)
    bodies = [("promote", 1), ("promote", 2), ("wait", 3), ("because: of {this}", 4), ("x" * 99, 5)]
    with Ledger.of(settings) as ledger:
        about = {"what": "retrain", "model": "m", "at": "2022-11-13T17:00:00+00:00"}
        ledger.append(Draft("audit", str(key), about | {"decision": word}) for word, key in bodies)
        ledger.append([Draft("audit", "other", {"what": "login"})])
    assert {row["decision"]: row["count"] for row in decisions(settings)} == {"promote": 2, "wait": 1, "other": 2}


def test_money_is_told_apart_and_a_changed_ledger_is_not_sound(tmp_path, world):
    settings = busta.load(home=tmp_path)
    Tables(settings.tables / "sim").update(world)
    busta.move_bankroll(settings, 50, paper=True, key="gift")
    found = money(settings)
    assert (found["paper"]["bankroll"], found["real"]["bankroll"]) == (150, 100)
    assert (found["entries"], found["sound"], found["stop_loss"]) == (1, True, settings.ledger.stop_loss)


def test_ranks_are_told_of_features_that_lead_any_table():
    many = {f"f{i:02d}": 1.0 - i / 100 for i in range(40)}
    last_first = {name: -size for name, size in many.items()}
    rows = leading({"champion": many, "before": last_first | {"new": 9.0}})
    of_f39 = {row["of"]: row["rank"] for row in rows if row["feature"] == "f39"}
    assert of_f39 == {"champion": 40, "before": 2}
    assert [row["of"] for row in rows if row["feature"] == "new"] == ["before"]
    assert len({row["feature"] for row in rows}) == 2 * LEADING
    assert {row["rank"] for row in rows if row["of"] == "champion"} >= set(range(1, LEADING + 1))


def test_what_a_feature_is_worth_is_told_of_the_last_two_seasons():
    frame = pl.DataFrame(
        {
            "season": [2019, 2020, 2020, 2021],
            "linear.a": [9.0, 1.0, -2.0, 0.5],
            "trees.a": [9.0, 1.0, -2.0, -0.75],
            "linear.b": 0.0,
            "trees.b": [0.0, 0.0, 0.0, 1.0],
        }
    )
    assert by_season(frame) == [{"a": 0.25, "b": 1.0}, {"a": 3.0, "b": 0.0}]


def test_all_parts_are_gathered_from_a_workspace(borrowed):
    busta.promote_version(borrowed, "moneyline", "1", "sim", force=True)
    found, fine = Figures(borrowed, "sim").gather()
    assert all(fine.values())
    (row,) = [each for each in found["models"] if each["model"] == MODEL]
    assert {version["role"] for version in row["versions"]} == {"champion", "challenger"}
    champion = row["versions"][0]
    assert champion["seconds"] > 0
    assert champion["peak_memory_bytes"] > 1e8
    assert sum(row["verdicts"].values()) == 1
    assert row["runs"] == {"done": 1}
    assert row["last_training_success"]
    assert {each["model"] for each in found["importances"]} == {MODEL}
    assert {each["of"] for each in found["importances"]} == {"champion", "season", "season_before"}


def test_the_version_before_the_champion_is_compared_with_it_and_files_are_read_once(borrowed, monkeypatch):
    models = Models(borrowed, "sim")
    registry = figures_models.connect(borrowed)
    register_again(registry, figures_models.versions(registry, MODEL)[0])
    busta.promote_version(borrowed, "moneyline", "2", "sim", force=True)
    rows = models.importances()
    ranks = {of: {row["feature"]: row["rank"] for row in rows if row["of"] == of} for of in ("champion", "before")}
    assert ranks["champion"] == ranks["before"] != {}

    def gone(*_):
        raise OutsideError("the file is gone")

    monkeypatch.setattr(explain, "fetch", gone)
    assert models.importances() == rows


def test_damaged_files_of_a_version_are_one_part_that_fails(borrowed, monkeypatch, tmp_path, caplog):
    busta.promote_version(borrowed, "moneyline", "1", "sim", force=True)
    (tmp_path / "cut").write_bytes(b"PAR1")
    monkeypatch.setattr(explain, "fetch", lambda *_: tmp_path / "cut")
    _, fine = Figures(borrowed, "sim").gather()
    assert [part for part, well in fine.items() if not well] == ["importances"]
    assert f"the explanations of version 1 of {MODEL} cannot be read" in caplog.text


def test_a_part_that_fails_is_said_and_told_as_it_was_before(borrowed, monkeypatch, caplog):
    figures = Figures(borrowed, "sim")
    before, _ = figures.gather()

    def down(*_):
        raise OutsideError("MLflow at http://me:secret@host does not answer")

    monkeypatch.setattr(figures_models, "connect", down)
    found, fine = figures.gather()
    assert [part for part, well in fine.items() if not well] == ["models", "importances"]
    assert found["models"] == before["models"]
    assert "does not answer" in caplog.text
    assert "secret" not in caplog.text


def test_forecasts_are_those_of_the_coming_week_and_those_recorded_each_counted_once(slated, tmp_path):
    borrowed = slated.copy(tmp_path / "home")
    (row,) = [each for each in slates(borrowed) if each["model"] == MODEL]
    coming = [each for each in row["probabilities"] if 0 < each < 1]
    assert len(coming) == len(row["edges"]) > 0

    figures = Figures(borrowed, "sim")
    body = {"game_id": "g", "league": "sim", "market": "moneyline", "model": MODEL, "edge": 0.1}
    with Ledger.of(borrowed) as ledger:
        ledger.append([prediction(body | {"probability": {"win": 0.6, "push": 0, "lose": 0.4}})])
        ledger.append([prediction(body | {"edge": None, "probability": None})])
    for _ in range(2):
        found, _fine = figures.gather()
        (recorded,) = [each for each in found["forecasts"] if each["of"] == "recorded"]
        assert (recorded["edges"], recorded["probabilities"]) == ([0.1], [0.6])
    assert json.dumps(found["forecasts"])


@pytest.mark.parametrize("part", ["gold_version", "gold_created_at", "last_result", "next_game", "overdue"])
def test_the_age_of_the_data_is_told(trained, part):
    found, _ = Figures(trained.settings, "sim").gather()
    assert found["leagues"][0][part] is not None
