"""What people are shown beside the figures."""

from __future__ import annotations

import pytest

from busta.cli import show
from workspaces import CURRENT

SIM = ("--league", "sim")
WEEK = ("--week", f"{CURRENT}-18")
BLIND = ("moneyline", "--blind", *SIM)  # the gate rejects it


def row_of(out, code):
    """The cells of a check's first line, by what stands between two spaces or more."""
    line = next(line for line in out.splitlines() if line.startswith(code))
    return [cell for cell in line.split("  ") if cell.strip()]


def test_the_gate_marks_what_stands_in_the_way_of_which_verdict(busta_in, borrowed):
    checks = {each["code"]: each for each in busta_in(borrowed.home, "gate", *BLIND, "--json").json["checks"]}

    out = busta_in(borrowed.home, "gate", *BLIND).out

    marks = {code: row_of(out, code)[3].strip() for code in checks}
    blocking = {code: each["purpose"] for code, each in checks.items() if each["blocks"]}
    assert set(blocking.values()) == {"serve", "bet"}
    words = {"serve": "serving, betting", "bet": "betting"}
    assert marks == {code: words[blocking[code]] if code in blocking else "-" for code in checks}
    assert any(each["answer"] == "not proven" and not each["blocks"] for each in checks.values())


def test_models_and_predictions_say_that_a_champion_was_forced(busta_in, borrowed):
    plain = busta_in(borrowed.home, "models", *SIM).out
    before = busta_in(borrowed.home, "predict", *BLIND, *WEEK).out
    forced = busta_in(borrowed.home, "promote", "moneyline", 1, "--blind", *SIM, "--force")

    models = busta_in(borrowed.home, "models", "moneyline", *SIM).out
    after = busta_in(borrowed.home, "predict", *BLIND, *WEEK).out

    assert "forced, in spite of: rejected" in forced.out
    assert "forced" not in plain
    assert "rejected, forced 20" in models
    assert "note: the gate rejected this version\n" in before
    assert "note: the gate rejected this version; this version was made champion by force, 20" in after
    assert "Z in spite of: rejected\n" in after


@pytest.mark.parametrize(
    ("verdict", "forced", "says"),
    [
        ("fit to serve", None, ""),
        (None, None, ""),
        ("rejected", None, "the gate rejected this version"),
        ("fit to serve", "2026 in spite of: x", "this version was made champion by force, 2026 in spite of: x"),
    ],
)
def test_only_a_rejected_or_forced_version_is_doubted(verdict, forced, says):
    assert show._doubts({"verdict": verdict, "forced": forced}) == says


def test_evaluate_says_that_bets_are_by_other_rules_than_the_verdict(busta_in, trained, monkeypatch):
    monkeypatch.setenv("BUSTA_BETS__MIN_EDGE", "0.07")

    out = busta_in(trained.settings.home, "evaluate", "moneyline", *SIM).out

    assert "note: bets by today's min_edge = 0.07; the version was judged by min_edge = 0.02" in out


def test_a_refused_promotion_says_what_to_run_and_ends_with_three(busta_in, borrowed):
    answer = busta_in(borrowed.home, "promote", "moneyline", 1, *SIM)

    assert answer.code == 3
    assert "was judged before 3 more trials of this market\nrun `busta gate moneyline --league sim" in answer.err
