"""How checks add up, what they are called, and that none of them ever fails with a traceback."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from busta.performance.gate import checks as folder
from busta.performance.gate import verdict
from busta.performance.gate.case import Answer, Check, Finding, Purpose, Trials
from busta.performance.gate.verdict import checks, judge
from busta.performance.honesty.foretold import foretold
from busta.settings import Bets

FILES = sorted(Path(folder.__file__).parent.glob("bst*.py"))
PAGES = Path(__file__).parents[3] / "docs" / "reference" / "checks"
ONE_GAME: dict[str, Any] = {"seasons": 1, "weeks": 1, "per_week": 1}
NOTHING = np.array([], dtype=np.int64)


def test_codes_are_sequential_and_each_has_a_file_of_its_own():
    codes = [check.code for check in checks()]
    assert codes == [f"BST{number:03d}" for number in range(1, len(codes) + 1)]
    assert [file.name[:6].upper() for file in FILES] == codes


def test_each_check_has_a_page_with_its_code_and_title_and_the_index_names_it():
    index = (PAGES / "index.md").read_text()
    assert {page.stem for page in PAGES.glob("bst*.md")} == {check.code.lower() for check in checks()}
    for check in checks():
        page = (PAGES / f"{check.code.lower()}.md").read_text()
        assert page.splitlines()[0] == f"# {check.code}: {check.title}"
        for answer in Answer:
            assert f"**{answer.value}**" in page, (check.code, answer)
        assert re.search(rf"\[{check.code}\]\({check.code.lower()}\.md\).*{re.escape(check.title)}", index)


def fixed(code, answer, purpose, blocks):
    finding = Finding(answer, 1.0, 2.0, "so it is", {"more": math.inf, "deep": {"er": math.nan}})
    return Check(code, "it holds", purpose, frozenset(blocks), lambda case: finding)


SERVE = fixed("BST001", Answer.failed, Purpose.serve, {Answer.failed})
BET = fixed("BST002", Answer.not_proven, Purpose.bet, {Answer.failed, Answer.not_proven})
MORE = fixed("BST003", Answer.failed, Purpose.bet, {Answer.failed})
EVIDENCE = fixed("BST004", Answer.failed, Purpose.evidence, ())
PASSED = fixed("BST005", Answer.passed, Purpose.serve, {Answer.failed})
MILD = fixed("BST006", Answer.not_proven, Purpose.serve, {Answer.failed})


@pytest.mark.parametrize(
    ("asked", "says", "reason"),
    [
        ([PASSED, SERVE], "rejected", "BST001 failed: so it is"),
        ([BET, SERVE, MORE], "rejected", "BST001 failed: so it is"),
        ([PASSED, BET], "fit to serve", "BST002 not proven: so it is"),
        ([BET, MORE, PASSED], "fit to serve", "BST002 not proven: so it is (also BST003)"),
        ([PASSED], "fit to bet", "no check stands in the way"),
        ([PASSED, EVIDENCE, MILD], "fit to bet", "no check stands in the way"),
    ],
    ids=["serve blocks", "serve before bet", "bet blocks", "two block", "all passed", "evidence blocks nothing"],
)
def test_a_serve_check_rejects_and_a_bet_check_leaves_fit_to_serve(monkeypatch, asked, says, reason):
    monkeypatch.setattr(verdict, "checks", lambda: tuple(asked))
    found = judge(None)
    assert (found.verdict, found.reason) == (says, reason)
    assert [finding["code"] for finding in found.findings] == [check.code for check in asked]


def test_a_finding_has_the_name_of_its_check_and_no_number_that_json_does_not_know():
    assert SERVE.ask(None) == {
        "code": "BST001",
        "title": "it holds",
        "purpose": "serve",
        "blocks": True,
        "answer": "failed",
        "figure": 1.0,
        "threshold": 2.0,
        "words": "so it is",
        "details": {"more": None, "deep": {"er": None}},
    }
    assert not MILD.ask(None)["blocks"]


def test_only_evidence_blocks_nothing_and_a_failure_always_blocks_its_purpose():
    for check in checks():
        assert (Answer.failed in check.blocks) == (check.purpose != Purpose.evidence)
        assert not check.blocks & {Answer.passed, Answer.not_applicable}


def test_a_model_that_knows_and_says_what_it_knows_is_fit_to_bet(case_of):
    found = judge(case_of(foretold(bias=2.0, noise=1.0, seasons=10)))
    assert (found.verdict, found.reason) == ("fit to bet", "no check stands in the way")


def test_a_sound_model_without_an_edge_is_fit_to_serve_and_no_more(case_of):
    found = judge(case_of(foretold(noise=0.3, seasons=8, market="moneyline", moment="close")))
    assert found.verdict == "fit to serve"
    assert found.reason.startswith("BST003 not proven")


def test_a_model_that_exaggerates_is_rejected_though_it_knows(case_of):
    found = judge(case_of(foretold(bias=1.0, boast=6.0, seasons=12)))
    by_code = {finding["code"]: finding["answer"] for finding in found.findings}
    assert by_code["BST003"] == "passed"
    assert found.verdict == "rejected"


def test_a_wager_on_nothing_is_rejected(case_of):
    assert judge(case_of(foretold(noise=4.0, seasons=12))).verdict == "rejected"


def no_close():
    made = foretold(bias=1.0)
    gone = np.full(len(made), np.nan)
    return replace(
        made,
        closing_mean=gone,
        closing_line=gone,
        closing=np.full((len(made), 3), np.nan),
        closing_prices=np.full((len(made), 2), np.nan),
        baselines=made.baselines | {"closing_line": gone},
    )


def all_pushed():
    made = foretold(bias=1.0)
    return replace(made, value=made.line.copy(), y=np.full(len(made), np.nan))


def no_market():
    made = foretold(noise=1.0, moment="close", market="moneyline")
    gone = np.full(len(made), np.nan)
    lines = {"closing_line": gone, "closing_line_recalibrated": gone}
    return replace(made, blind=True, market_mean=gone, closing_mean=gone, baselines=made.baselines | lines)


def halves():
    made = foretold()
    half = np.full(len(made), 0.5)
    return replace(made, probability=half, triples=np.column_stack([half, 0 * half, half]), mean=made.market_mean)


def undecided_later():
    made = foretold(bias=1.0, seasons=1, first=2006)
    return replace(made, value=np.full(len(made), np.nan), y=np.full(len(made), np.nan))


EDGES = {
    "plain": lambda: (foretold(bias=1.0), {}),
    "close": lambda: (foretold(bias=1.0, moment="close"), {}),
    "no line": lambda: (foretold(bias=1.0, market="moneyline"), {}),
    "no line, close": lambda: (foretold(bias=1.0, market="moneyline", moment="close"), {}),
    "totals": lambda: (foretold(bias=1.0, market="totals"), {}),
    "no bets": lambda: (foretold(bias=1.0), {"bets": Bets(min_edge=0.99)}),
    "one season": lambda: (foretold(bias=1.0, seasons=1), {}),
    "one week": lambda: (foretold(bias=1.0, seasons=1, weeks=1), {}),
    "one week, no line": lambda: (foretold(bias=1.0, seasons=1, weeks=1, market="moneyline"), {}),
    "one game": lambda: (foretold(bias=1.0, **ONE_GAME), {}),
    "all pushed": lambda: (all_pushed(), {}),
    "no prices": lambda: (replace(foretold(bias=1.0), prices=np.full((5 * 17 * 16, 2), np.nan)), {}),
    "no close": lambda: (no_close(), {}),
    "no market": lambda: (no_market(), {}),
    "halves": lambda: (halves(), {}),
    "empty later": lambda: (foretold(bias=1.0), {"later": foretold().take(NOTHING)}),
    "later": lambda: (foretold(bias=1.0), {"later": foretold(bias=1.0, seasons=2, first=2006)}),
    "one later game": lambda: (foretold(bias=1.0), {"later": foretold(bias=1.0, first=2006, **ONE_GAME)}),
    "later without results": lambda: (foretold(bias=1.0), {"later": undecided_later()}),
    "another champion": lambda: (foretold(bias=1.0), {"champion": foretold(seasons=2, first=1990)}),
    "the same champion": lambda: (foretold(bias=1.0), {"champion": foretold(bias=1.0)}),
    "told all": lambda: (
        foretold(bias=1.0),
        {"leaks": ["x"], "milliseconds": 5.0, "empty_features": ["a", "b"], "champion": foretold(noise=1.0)},
    ),
    "trials": lambda: (
        foretold(bias=1.0),
        {"trials": Trials(2, 2, losses={"a": np.full(1360, np.nan), "b": np.zeros(1360)})},
    ),
}


@pytest.mark.parametrize("edge", EDGES.values(), ids=EDGES)
def test_every_check_has_an_answer_in_plain_json_whatever_is_missing(case_of, edge):
    forecasts, changes = edge()
    found = judge(case_of(forecasts, **changes))
    assert found.verdict in {"rejected", "fit to serve", "fit to bet"}
    assert len(found.findings) == len(FILES)
    for finding in found.findings:
        assert finding["answer"] in set(Answer)
        assert json.loads(json.dumps(finding, allow_nan=False)) == finding
        assert not re.search(r"\bnan\b|\binf\b|None", finding["words"]), finding["words"]
        assert finding["answer"] != "passed" or None not in (finding["figure"], finding["threshold"])


@pytest.mark.parametrize("edge", [name for name in EDGES if name.startswith(("one week", "one game", "all", "halves"))])
def test_too_little_to_go_by_is_never_fit_to_bet(case_of, edge):
    forecasts, changes = EDGES[edge]()
    assert judge(case_of(forecasts, **changes)).verdict != "fit to bet"
