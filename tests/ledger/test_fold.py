from __future__ import annotations

import json
from datetime import UTC, datetime

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from busta.errors import UsageError
from busta.ledger.chain import Draft, Entry, canonical
from busta.ledger.fold import fold, settlements, void

NOW = datetime(2026, 1, 2, tzinfo=UTC)
GAMES = ("g1", "g2", "g3")


class Log:
    """A log in memory that keeps the contract of the ledger."""

    def __init__(self):
        self.entries = []

    def append(self, drafts):
        for draft in drafts:
            same = [e for e in self.entries if (e.kind, e.key) == (draft.kind, draft.key)]
            body = json.loads(canonical(draft))
            if same:
                assert same[0].body == body
            else:
                self.entries.append(Entry(len(self.entries) + 1, NOW, draft.kind, draft.key, body, "", new=True))

    def fold(self):
        return fold(self.entries)


def bet(key, *, market="ats", side="home", line=3.0, price=1.9, stake=10.0, game="g1", paper=False):
    body = {"league": "sim", "game_id": game, "market": market, "side": side, "line": line, "price": price}
    return Draft("bet", key, body | {"stake": stake, "paper": paper, "placed_at": NOW, "kickoff": NOW})


def values(**scores):
    """What decides each market of each game, from the home and the away score."""
    found = {}
    for game, score in scores.items():
        margin, total = (None, None) if score is None else (score[0] - score[1], score[0] + score[1])
        found |= {("sim", game, "ats"): margin, ("sim", game, "moneyline"): margin, ("sim", game, "totals"): total}
    return {key: None if value is None else float(value) for key, value in found.items()}


def settled(log, **scores):
    log.append(settlements(log.fold(), values(**scores)))
    return log.fold()


@pytest.mark.parametrize(
    ("draft", "score", "outcome", "profit"),
    [
        (bet("b"), (20, 10), "won", 9.0),
        (bet("b"), (20, 17), "push", 0.0),
        (bet("b"), (20, 18), "lost", -10.0),
        (bet("b", side="away"), (20, 18), "won", 9.0),
        (bet("b", market="moneyline", line=None, price=2.5), (21, 20), "won", 15.0),
        (bet("b", market="moneyline", line=None, side="away"), (20, 20), "push", 0.0),
        (bet("b", market="totals", side="under", line=40.5), (20, 20), "won", 9.0),
    ],
)
def test_a_bet_is_settled_by_the_one_payoff_formula(draft, score, outcome, profit):
    log = Log()
    log.append([draft])
    found = settled(log, g1=score).bets["b"]

    assert (found.state, found.last["outcome"], found.profit) == ("settled", outcome, pytest.approx(profit))


def test_a_bet_is_open_until_its_game_is_played():
    log = Log()
    log.append([bet("b")])
    account = settled(log, g1=None, g2=(3, 0))

    assert (account.bets["b"].state, account.bets["b"].profit) == ("open", None)
    assert len(log.entries) == 1
    assert account.at_stake(paper=False) == 10
    assert account.bankroll(100, paper=False) == 100


def test_settling_again_writes_nothing():
    log = Log()
    log.append([bet("b")])
    settled(log, g1=(20, 10))
    before = list(log.entries)
    settled(log, g1=(20, 10))

    assert log.entries == before


def test_a_corrected_score_settles_anew_by_new_entries_and_changes_none():
    log = Log()
    log.append([bet("b")])
    settled(log, g1=(20, 10))
    before = list(log.entries)
    settled(log, g1=(20, 18))
    account = settled(log, g1=(20, 10))

    assert log.entries[: len(before)] == before
    assert [entry.key for entry in log.entries[1:]] == [
        *("sim/g1/ats/1", "b/1", "sim/g1/ats/2", "b/2", "sim/g1/ats/3", "b/3")
    ]
    assert account.results["sim", "g1", "ats"] == [10, 2, 10]
    assert [each["outcome"] for each in account.bets["b"].settlements] == ["won", "lost", "won"]
    assert account.bankroll(100, paper=False) == pytest.approx(109)


def test_a_score_that_is_taken_back_opens_the_bet_again():
    log = Log()
    log.append([bet("b")])
    settled(log, g1=(20, 10))

    assert settled(log, g1=None).bets["b"].state == "open"
    assert settled(log, g1=(0, 10)).bets["b"].profit == -10


def test_a_bet_recorded_after_the_result_is_settled_without_a_second_result():
    log = Log()
    log.append([bet("b")])
    settled(log, g1=(20, 10))
    log.append([bet("c", side="away")])
    account = settled(log, g1=(20, 10))

    assert account.bets["c"].profit == -10
    assert account.results["sim", "g1", "ats"] == [10]


def test_a_void_bet_brings_its_stake_back_whatever_the_result_and_can_stand_again():
    log = Log()
    log.append([bet("b")])
    log.append([void(log.fold().bets["b"], "postponed")])
    account = settled(log, g1=(20, 18))
    assert (account.bets["b"].state, account.bets["b"].profit, account.bets["b"].reason) == ("void", 0.0, "postponed")
    assert account.bankroll(100, paper=False) == 100

    log.append([void(account.bets["b"], "it was played", undo=True)])
    assert log.fold().bets["b"].profit == -10
    log.append([void(log.fold().bets["b"], "no, it was not")])
    assert log.fold().bankroll(100, paper=False) == 100


def test_paper_and_real_money_are_apart():
    log = Log()
    log.append([bet("real"), bet("paper", paper=True, stake=50.0)])
    log.append([Draft("bankroll", "m", {"paper": True, "amount": 7.0})])
    account = settled(log, g1=(20, 10))

    assert [each.key for each in account.of(paper=True)] == ["paper"]
    assert account.bankroll(100, paper=False) == pytest.approx(109)
    assert account.bankroll(100, paper=True) == pytest.approx(152)


def test_a_bet_is_found_by_the_first_letters_of_its_key():
    log = Log()
    log.append([bet("abc"), bet("abd")])

    assert log.fold().find("abc").key == "abc"
    for key in ("ab", "x", ""):
        with pytest.raises(UsageError, match="bets have the key"):
            log.fold().find(key)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just("bet"),
            st.sampled_from(GAMES),
            st.sampled_from([("ats", "home"), ("ats", "away"), ("moneyline", "home"), ("totals", "under")]),
            st.integers(-6, 6),
            st.sampled_from([1.5, 1.91, 2.0, 3.25]),
            st.integers(1, 50),
            st.booleans(),
        ),
        st.tuples(
            st.just("score"), st.sampled_from(GAMES), st.none() | st.tuples(st.integers(0, 9), st.integers(0, 9))
        ),
        st.tuples(st.just("void"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("money"), st.integers(-20, 20).filter(bool), st.booleans()),
        st.tuples(st.just("settle")),
    ),
    max_size=25,
)


def by_hand(bets, scores, moves, paper):
    """The bankroll as a person with a pencil has it: each bet on its own, from the last score."""
    money = 100.0 + sum(amount for amount, on_paper in moves if on_paper == paper)
    for game, market, side, line, price, stake, on_paper, is_void in bets:
        if on_paper != paper or is_void or scores.get(game) is None:
            continue
        home, away = scores[game]
        reached = home + away - line if market == "totals" else home - away - line
        if side in ("away", "under"):
            reached = -reached
        money += stake * (price - 1) if reached > 0 else -stake if reached < 0 else 0
    return money


@settings(max_examples=150)
@given(ACTIONS)
def test_any_sequence_of_bets_scores_corrections_and_voids_gives_the_bankrolls_that_a_person_works_out(actions):
    log, bets, scores, moves = Log(), [], {}, []
    for action, *about in [*actions, ("settle",)]:
        if action == "bet":
            game, (market, side), line, price, stake, paper = about
            line = 0 if market == "moneyline" else line
            given_line = None if market == "moneyline" else float(line)
            key = str(len(bets))
            log.append(
                [
                    bet(
                        key,
                        market=market,
                        side=side,
                        line=given_line,
                        price=price,
                        stake=float(stake),
                        game=game,
                        paper=paper,
                    )
                ]
            )
            bets.append([game, market, side, line, price, stake, paper, False])
        elif action == "score":
            scores[about[0]] = about[1]
        elif action == "void" and about[0] < len(bets) and bets[about[0]][-1] == about[1]:
            log.append([void(log.fold().bets[str(about[0])], "why", undo=about[1])])
            bets[about[0]][-1] = not about[1]
        elif action == "money":
            log.append([Draft("bankroll", str(len(moves)), {"amount": about[0], "paper": about[1]})])
            moves.append(about)
        elif action == "settle":
            settled(log, **scores)
            settled(log, **scores)

    for paper in (True, False):
        assert log.fold().bankroll(100.0, paper=paper) == pytest.approx(by_hand(bets, scores, moves, paper))
    assert len({(entry.kind, entry.key) for entry in log.entries}) == len(log.entries)
