"""Every command's way to a good end, for people and for programs."""

from __future__ import annotations

import shutil
import subprocess
import sys

import polars as pl
import pytest
import typer

import busta
from busta.cli.app import app
from workspaces import CURRENT, KINDS, as_nflverse

SIM = ("--league", "sim")
IN_PYTHON = {
    "init": "init",
    "ingest": "ingest",
    "sim": "ingest",
    "features build": "build",
    "features list": "gold_versions",
    "features show": "open_version",
    "features catalog": "catalog",
    "features diff": "compare",
    "train": "train",
    "predict": "predict",
    "price": "price",
    "models": "list_models",
    "promote": "promote_version",
    "gate": "gate",
    "evaluate": "evaluate",
    "explain": "explain",
    "backtest": "backtest",
    "rollback": "roll_back",
    "quickstart": "quickstart",
    "audit": "audit",
    "report": "report",
    "retrain": "retrain",
    "reproduce": "reproduce",
    "odds fetch": "fetch_odds",
    "odds show": "show_odds",
    "serve": "serve",
    "keys add": "add_key",
    "keys list": "list_keys",
    "keys revoke": "revoke_key",
    "doctor": "diagnose",
    "bets recommend": "recommend",
    "week": "week",
    "watch": "watch_champions",
    "trial start": "start_trial",
    "trial show": "show_trial",
    "trial stop": "stop_trial",
    "bets record": "record_bet",
    "bets void": "void_bets",
    "bets settle": "settle_bets",
    "bets show": "show_bets",
    "bets bankroll": "move_bankroll",
    "bets export": "export_bets",
    "bets import": "import_bets",
    "bets verify": "verify_ledger",
}


def commands(group, prefix=""):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} ")
        else:
            yield prefix + name


def test_what_the_command_line_can_python_can():
    assert sorted(IN_PYTHON) == sorted(commands(typer.main.get_command(app)))
    for name in IN_PYTHON.values():
        assert name in busta.__all__
        assert callable(getattr(busta, name))


def test_everything_the_package_offers_is_there():
    assert all(getattr(busta, name) for name in busta.__all__)
    assert dir(busta) == list(busta.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = busta.nonsense


@pytest.mark.parametrize("command", sorted(IN_PYTHON))
def test_the_help_of_every_command_has_an_example(run, command):
    answer = run(*command.split(), "--help")

    assert answer.code == 0
    assert f"Example: busta {command}" in answer.out
    assert answer.err == ""


def test_help_names_every_command_and_where_to_start(run):
    answer = run("--help")

    assert answer.code == 0
    assert "Start with: busta quickstart" in " ".join(answer.out.split())
    assert all(f"\n  {name.split()[0]} " in answer.out for name in IN_PYTHON)


def test_help_and_version_import_nothing_heavy():
    heavy = ("polars", "numpy", "mlflow", "xgboost", "pandas", "sklearn", "scipy", "httpx")
    code = (
        "import sys, busta.cli\n"
        "for words in (['--help'], ['train', '--help'], ['--version']):\n"
        "    try: busta.cli.main(words)\n"
        "    except SystemExit: pass\n"
        f"print(sorted(set({heavy}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "Usage: busta train" in done.stdout
    assert done.stderr.strip() == "[]"


def test_version_is_the_packages(run):
    assert run("--version").out == "busta 0.1.0\n"


def test_init_writes_files_and_then_keeps_them(busta_in, tmp_path):
    written = busta_in(tmp_path, "init", tmp_path / "bets", "--json").json["written"]
    assert {str(tmp_path / "bets" / name) for name in ("busta.toml", "params.yaml", "dvc.yaml")} <= set(written)
    assert busta_in(tmp_path, "init", tmp_path / "bets", "--json").json["written"] == []
    shown = busta_in(tmp_path, "init", tmp_path / "bets").out
    assert "kept" in shown
    assert "`dvc repro`" in shown


def test_ingest_counts_and_shows(busta_in, home):
    assert busta_in(home, "ingest", "sim", "--json").json["counts"]["games"]["unchanged"] > 1000
    assert "ingested sim" in busta_in(home, "ingest", "sim").out


def test_ingest_reads_several_files_and_shows_what_was_refused(busta_in, home, settings, tmp_path):
    as_nflverse(settings, (2010,)).write_csv(tmp_path / "a.csv")
    spoilt = as_nflverse(settings, (2011,)).with_columns(home_moneyline=pl.lit(50)).drop("surface")
    spoilt.write_csv(tmp_path / "b.csv")
    files = ("--from", tmp_path / "a.csv", "--from", tmp_path / "b.csv")

    answer = busta_in(home, "ingest", "nfl", *files)

    assert answer.code == 0
    assert "surface" in answer.out
    assert "refused rows, each with its reason: " in answer.out
    found = busta_in(home, "ingest", "nfl", *files, "--json").json
    assert found["counts"]["quotes"]["refused"] == spoilt.height


def test_sim_plays_the_world_asked_for(busta_in, home):
    found = busta_in(home, "sim", "--seasons", 3, "--seed", 9, "--edge", 2, "--json").json

    assert found["counts"]["games"]["new"] + found["counts"]["games"]["changed"] > 500
    assert "replaced" in found["warnings"][0]


def test_features_are_built_listed_shown_compared_and_explained(run):
    version = run("features", "build", "sim", "--json").json["version"]

    (row,) = run("features", "list", *SIM, "--json").json["versions"]
    assert (row["version"], row["current"]) == (version, True)
    assert run("features", "show", version[:4], *SIM, "--json").json["version"] == version
    assert run("features", "show", *SIM, "--json").json["version"] == version
    assert run("features", "diff", version, version, *SIM, "--json").json["values_changed"] == {}
    assert {row["name"] for row in run("features", "catalog", "--json").json["features"]} > {"elo_diff"}


@pytest.mark.parametrize(
    ("arguments", "shows"),
    [
        (("features", "build", "sim"), "nothing changed; gold "),
        (("features", "list", *SIM), "version"),
        (("features", "list"), "none yet"),
        (("features", "show", *SIM), "features: "),
        (("features", "catalog"), "elo_diff"),
        (("models",), "busta-sim-totals"),
        (("models", "--league", "nfl"), "no models yet"),
        (("predict", "ats", "--week", f"{CURRENT}-18", *SIM), "busta-sim-ats version 1 (challenger)"),
        (("predict", "totals", "--week", "2012-05", *SIM), "* the version learned from this game"),
        (("predict", "moneyline", "--week", "2010-05", *SIM), "no out-of-fold prediction"),
        (("evaluate", "ats", *SIM), "log loss against the closing line"),
        (("evaluate", "moneyline", *SIM, "--price", "open", "--blind"), "less opening line"),
        (("evaluate", "totals", *SIM), "less Elo"),
        (("evaluate", "totals", *SIM), "Brier = miscalibration - discrimination + uncertainty: "),
        (("doctor",), "ok    MLflow"),
    ],
)
def test_people_get_a_table(run, arguments, shows):
    answer = run(*arguments)

    assert answer.code == 0
    assert shows in answer.out
    assert answer.err == ""


def test_training_shows_the_verdict_beside_the_closing_line(busta_in, home):
    answer = busta_in(home, "train", "over-under", *SIM, "--price", "open", "--first-test-season", CURRENT)

    assert answer.code == 0
    assert "busta-sim-totals-open version 1" in answer.out
    assert "closing line" in answer.out
    assert "verdict: rejected (may not become champion)\nBST002 " in answer.out
    assert "; trial 1 of 1 on this market" in answer.out


def test_training_says_when_the_plan_in_the_settings_is_not_the_one_that_was_declared(busta_in, borrowed):
    (borrowed.home / "busta.toml").write_text("[sim]\nseasons = 4\n[gate]\nplanned_trials = 2")

    answer = busta_in(borrowed.home, "train", "moneyline", *SIM)

    assert answer.code == 0
    assert "note: the settings ask for 2 trials" in answer.out
    assert "; trial 5 of 5 on this market" in answer.out


def test_the_gate_shows_every_check_and_lets_a_sound_version_pass(busta_in, borrowed):
    answer = busta_in(borrowed.home, "gate", "moneyline", *SIM)

    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0].startswith("busta-sim-moneyline version 1: ")
    assert [line.split()[0] for line in lines if line.startswith("BST") and "  " in line][:13] == [
        f"BST{number:03d}" for number in range(1, 14)
    ]
    assert "verdict: fit to serve (may become champion; its stakes are paper)" in answer.out
    assert "; trial 1 of 4 on this market" in answer.out


def test_the_gate_ends_with_three_for_a_version_that_may_not_be_promoted_and_shows_notes(busta_in, borrowed):
    shutil.rmtree(borrowed.home / "data")

    answer = busta_in(borrowed.home, "gate", "moneyline", "--blind", *SIM, "--model", 1)
    found = busta_in(borrowed.home, "gate", "moneyline", "--blind", *SIM, "--json")

    assert (answer.code, answer.err, found.code, found.err) == (3, "", 3, "")
    assert "note: no games of sim in this workspace" in answer.out
    assert "verdict: rejected (may not become champion)" in answer.out
    assert (found.json["verdict"], found.json["may_be_promoted"]) == ("rejected", False)


def test_the_gate_judges_the_bets_of_the_training_by_its_own_rules(busta_in, borrowed, trained, monkeypatch):
    monkeypatch.setenv("BUSTA_BETS__MIN_EDGE", "0.1")

    found = busta_in(borrowed.home, "gate", "moneyline", *SIM, "--blind", "--json").json

    assert found["metrics"] == trained.results["moneyline-blind"]["metrics"]
    assert found["metrics"]["bets"] > 0
    assert found["trials"]["look"] == 1


def test_the_gate_takes_a_kind_of_model(busta_in, borrowed):
    found = busta_in(borrowed.home, "gate", "moneyline", *SIM, "--blind", "--price", "open", "--json").json

    assert found["model"] == "busta-sim-moneyline-blind-open"


def test_training_options_reach_the_training(busta_in, home):
    options = {"first-test-season": 2013, "window": 2, "refit-weeks": 9, "seed": 5, "jobs": 2, "through": 2013}
    flags = [word for name, value in options.items() for word in (f"--{name}", value)]

    answer = busta_in(home, "train", "moneyline", *SIM, "--blind", *flags, "--json")

    found = answer.json
    assert answer.err == ""
    assert (found["information"], found["price"]) == ("blind", "close")
    assert (found["first_test_season"], found["last_test_season"]) == (2013, 2013)
    assert found["folds"] > 1
    run = busta.registry.connect.connect(busta.load(home=home)).client.get_run(found["run_id"])
    named = ("train.window", "train.refit_weeks", "train.seed", "jobs")
    assert [run.data.params[name] for name in named] == ["2", "9", "5", "2"]


def test_predict_gives_one_object_for_a_week_a_date_and_a_kind(run):
    week = run("predict", "moneyline", "--week", f"{CURRENT}-18", *SIM, "--json").json
    date = run("predict", "moneyline", "--date", week["predictions"][0]["kickoff"][:10], *SIM, "--json").json
    blind = run("predict", "moneyline", "--week", f"{CURRENT}-18", *SIM, "--blind", "--price", "open", "--json").json

    assert len(week["predictions"]) == 16
    assert date["predictions"]
    assert {row["game_id"] for row in date["predictions"]} < {row["game_id"] for row in week["predictions"]}
    assert blind["model"] == "busta-sim-moneyline-blind-open"


def test_predict_takes_files_of_games(busta_in, borrowed, tmp_path):
    sheet = as_nflverse(borrowed)
    sheet.filter(pl.col("home_score").is_not_null()).write_csv(tmp_path / "played.csv")
    sheet.filter(pl.col("home_score").is_null()).write_csv(tmp_path / "coming.csv")
    assert busta_in(borrowed.home, "ingest", "nfl", "--from", tmp_path / "played.csv").code == 0
    assert busta_in(borrowed.home, "train", "moneyline", "--json").json["league"] == "nfl"

    found = busta_in(borrowed.home, "predict", "moneyline", "--games", tmp_path / "coming.csv", "--json").json

    assert len(found["predictions"]) == 16


def test_evaluate_gives_the_figures_of_a_version_as_one_object(run, trained):
    found = run("evaluate", "moneyline", *SIM, "--model", 1, "--json").json

    assert found["metrics"] == trained.results["moneyline"]["metrics"]


def test_models_are_listed_promoted_and_rolled_back(busta_in, borrowed):
    found = busta_in(borrowed.home, "models", "--json").json["models"]
    assert {row["model"] for row in found} == {f"busta-sim-{kind}" for kind in KINDS}

    early = busta_in(borrowed.home, "promote", "moneyline", "challenger", *SIM)
    assert early.code == 3
    assert "was judged before" in early.err
    assert busta_in(borrowed.home, "gate", "moneyline", *SIM).code == 0
    assert busta_in(borrowed.home, "promote", "moneyline", "challenger", *SIM, "--json").json == {
        "model": "busta-sim-moneyline",
        "champion": "1",
        "before": None,
        "verdict": "fit to serve",
        "forced": False,
        "notes": {},
    }
    assert busta_in(borrowed.home, "promote", "moneyline", 1, *SIM).out == (
        "champion of busta-sim-moneyline: version 1; before: version 1\n"
    )
    answer = busta_in(borrowed.home, "rollback", "moneyline", *SIM)
    assert answer.code == 2
    assert "no champion before version 1" in answer.err


def test_the_history_of_champions_is_shown_beside_its_reasons(busta_in, borrowed):
    assert busta_in(borrowed.home, "models", "--history").out.startswith("no champion was named yet; busta promote")
    forced = ("--force", "--reason", "the other one lost its data")
    busta_in(borrowed.home, "promote", "moneyline", 1, "--blind", *SIM, *forced)
    (row,) = busta_in(borrowed.home, "models", "moneyline", *SIM, "--history", "--json").json["history"]
    shown = " ".join(busta_in(borrowed.home, "models", "--history").out.split())

    assert (row["version"], row["before"], row["forced"], row["state"]) == ("1", None, True, "done")
    assert f"busta-sim-moneyline-blind - -> 1 promote {row['who']} forced, in spite of: rejected" in shown
    assert shown.endswith("the other one lost its data")


def test_a_rejected_version_is_refused_with_three_and_can_be_forced(busta_in, borrowed):
    refused = busta_in(borrowed.home, "promote", "moneyline", 1, "--blind", *SIM)
    forced = busta_in(borrowed.home, "promote", "moneyline", 1, "--blind", *SIM, "--force")

    assert (refused.code, refused.out) == (3, "")
    assert refused.err.startswith("error: version 1 of busta-sim-moneyline-blind was rejected: BST002 ")
    assert len(refused.err.splitlines()) == 2
    assert forced.code == 0
    assert forced.out == "champion of busta-sim-moneyline-blind: version 1; forced, in spite of: rejected\n"


def test_stakes_are_said_to_be_paper_or_real_in_spite_of_the_gate(busta_in, borrowed, monkeypatch):
    words = ("predict", "moneyline", "--blind", "--week", f"{CURRENT}-18", *SIM)
    paper = busta_in(borrowed.home, *words)
    monkeypatch.setenv("BUSTA_BETS__ALLOW_UNPROVEN", "true")
    real = busta_in(borrowed.home, *words)

    assert "on paper until the gate has found the model fit to bet" in paper.out
    assert "stakes are real although the model is not fit to bet: bets.allow_unproven is set" in real.out
    assert "on paper" not in real.out


def test_quickstart_says_its_progress_on_standard_error_when_asked_for_json(busta_in, home, monkeypatch):
    def train(_settings, market, league, **_options):
        return {"market": market, "league": league}

    monkeypatch.setattr("busta.workflows.quickstart.train", train)
    monkeypatch.setattr("busta.leagues.sim_edge.SEASONS", 3)

    answer = busta_in(home, "quickstart", "--json")

    assert [league["league"] for league in answer.json["leagues"]] == ["sim", "sim-edge"]
    assert all(line.startswith("playing league sim") for line in answer.err.splitlines())


def test_quickstart_shows_both_leagues_side_by_side_and_what_to_try_next(busta_in, home, trained, monkeypatch):
    monkeypatch.setattr(
        "busta.workflows.quickstart.train", lambda _settings, market, _league, **_options: trained.results[market]
    )
    monkeypatch.setattr("busta.leagues.sim_edge.SEASONS", 3)

    answer = busta_in(home, "quickstart")

    assert answer.code == 0
    lines = answer.out.splitlines()
    for market in ("moneyline", "ats", "totals"):
        verdict = trained.results[market]["verdict"]
        assert next(line for line in lines if line.startswith(market)).count(verdict) == 2
    assert "nothing here is worth a bet, and busta says so" in answer.out
    assert "busta predict moneyline --week" in answer.out


def test_doctor_gives_all_findings_as_one_object(run):
    findings = run("doctor", "--json").json["findings"]

    assert all(finding["ok"] for finding in findings)
    assert findings[0]["check"] == "configuration"
