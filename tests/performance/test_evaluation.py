"""What forecasts are worth."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from busta.models.walk import Walk, walk
from busta.performance.evaluation import evaluate
from busta.performance.forecasts import Forecasts
from busta.performance.simulation.study import Plan, study
from busta.scoring.calibration import ece_luck
from busta.scoring.proper import log_loss
from busta.settings import Bets, Train
from support import planted

DATA = planted(seasons=4, weeks=12, per_week=16, signal=0.8)
TRUTH = 1 / (1 + np.exp(-(DATA.market_log_odds + 0.8 * DATA.X[:, 0])))
CLOSE = 1 / (1 + np.exp(-DATA.market_log_odds))


def walk_of(p, data=DATA, recalibrated=None):
    """A walk forward that came out with these probabilities."""
    count = len(data)
    close = 1 / (1 + np.exp(-data.market_log_odds))
    opening = {"opening_line": close} if data.moment == "open" else {}
    others = {
        "closing_line": close,
        "closing_line_recalibrated": close if recalibrated is None else recalibrated,
        **opening,
        "elo": np.full(count, 0.45),
        "favourite": close,
        "home": np.full(count, 0.55),
    }
    mean = data.line + 10 * data.market_log_odds
    crps = np.abs(data.value - mean)
    return Walk(
        folds=[],
        rows=np.arange(count),
        fold=np.zeros(count, dtype=np.int64),
        probability=p,
        triples=np.column_stack([p, np.zeros(count), 1 - p]),
        baselines=others,
        closing=np.column_stack([close, np.zeros(count), 1 - close]),
        means={"model": data.line + 10 * np.log(p / (1 - p)), "market": mean, "closing": mean},
        distribution_scores={"crps": 0.9 * crps + 0 * p, "exact_log_score": np.full(count, 3.9), "closing_crps": crps},
        members=("market", "linear"),
        member_log_odds=np.zeros((count, 2)),
        rungs=[],
        calibrations=[],
        parts=None,
        final=None,
    )


def judged(p, data=DATA, settings=None, **changes):
    """The evaluation of those probabilities."""
    return evaluate(Forecasts.of(walk_of(p, data, **changes), data), settings or Bets())


@pytest.fixture(scope="module")
def found():
    """The evaluation of a model that knows the truth."""
    return judged(TRUTH)


def worse():
    return 1 / (1 + np.exp(-(DATA.market_log_odds - 0.8 * DATA.X[:, 0])))


@pytest.mark.parametrize(
    ("p", "says"),
    [
        (TRUTH, "better than the closing line on these games"),
        (worse(), "worse than the closing line"),
        (CLOSE, "not proven: no better and no worse than the closing line"),
    ],
    ids=["better", "worse", "equal"],
)
def test_the_verdict_says_what_was_planted(p, says):
    assert judged(p).verdict == says


def test_the_difference_is_that_of_the_two_log_losses_with_its_interval(found):
    y = DATA.y
    gap = found.metrics["log_loss"] - found.baselines["closing_line"]["log_loss"]
    assert found.metrics["log_loss"] == log_loss(TRUTH, y)
    assert found.difference["log_loss"] == pytest.approx(gap)
    assert found.difference["low"] < gap < found.difference["high"] < 0


def test_the_bar_is_the_closing_line_or_its_recalibration_whichever_is_better_on_these_games(found):
    assert found.bar == "closing_line", "as it is where both are alike"
    sharper = judged(CLOSE, recalibrated=TRUTH)
    assert sharper.bar == "closing_line_recalibrated"
    assert sharper.verdict == "worse than the closing line recalibrated"
    assert sharper.difference["log_loss"] == pytest.approx(log_loss(CLOSE, DATA.y) - log_loss(TRUTH, DATA.y))
    assert judged(CLOSE, recalibrated=worse()).bar == "closing_line"
    assert judged(CLOSE, recalibrated=np.where(np.arange(len(DATA)) < 9, np.nan, TRUTH)).bar == "closing_line"


def test_every_score_has_its_interval_and_its_difference_from_the_bar_and_from_elo(found):
    for name in ("log_loss", "brier", "accuracy", "precision", "recall", "auc", "ece", "calibration_slope"):
        parts = found.differences[name]
        assert parts.keys() == {"value", "low", "high", "closing_line", "elo"}
        assert parts["value"] == found.metrics[name]
        assert parts["low"] < parts["value"] < parts["high"] or name == "ece"
        for other in ("closing_line", "elo"):
            if parts[other]["difference"] is not None:
                gap = found.metrics[name] - found.baselines[other][name]
                assert parts[other]["difference"] == pytest.approx(gap)
    brier = found.differences["brier"]
    assert brier["elo"]["high"] < 0
    paired = brier["closing_line"]["high"] - brier["closing_line"]["low"]
    assert paired < brier["high"] - brier["low"], "the same games: what both got wrong does not count"


def test_a_line_that_is_missing_on_some_games_leaves_its_differences_empty():
    at_open = replace(DATA, moment="open")
    walked = walk_of(TRUTH, at_open)
    walked.baselines["elo"][0] = np.nan
    told = evaluate(Forecasts.of(walked, at_open), Bets())
    assert set(told.differences["log_loss"]["elo"].values()) == {None}
    assert told.differences["log_loss"]["opening_line"]["high"] < 0


def test_the_ece_stands_beside_the_one_that_luck_gives(found):
    assert (found.metrics["ece_luck"], found.metrics["ece_luck_95"]) == ece_luck(TRUTH)
    assert found.metrics["ece_luck"] < found.metrics["ece_luck_95"] < judged(worse()).metrics["ece"]


def test_distribution_scores_are_means_over_the_games_that_have_them(found):
    crps = np.abs(DATA.value - 10 * DATA.market_log_odds)
    assert found.metrics["closing_crps"] == pytest.approx(crps.mean())
    assert found.metrics["crps"] == pytest.approx(0.9 * crps.mean())
    assert found.metrics["exact_log_score"] == pytest.approx(3.9)


def test_the_terms_of_the_brier_score_add_up(found):
    for figures in (found.metrics, *found.baselines.values(), *found.by_season):
        terms = figures["miscalibration"] - figures["discrimination"] + figures["uncertainty"]
        assert terms == pytest.approx(figures["brier"])


def test_a_single_week_proves_nothing():
    week = DATA.take(DATA.weeks == DATA.weeks[0])
    told = judged(TRUTH[: len(week)], week)
    assert told.verdict == "not proven: too few games"
    assert told.difference["low"] is None
    assert "fewer than 20 bets" in told.notes["roi_low"] == told.notes["roi_high"]


def test_the_closing_line_stands_beside_the_model_in_every_score(found):
    scores = ("log_loss", "brier", "accuracy", "precision", "recall", "auc", "ece", "calibration_slope")
    assert tuple(found.baselines) == ("closing_line", "closing_line_recalibrated", "elo", "favourite", "home")
    for name in scores:
        assert found.metrics[name] is not None
        assert found.baselines["closing_line"][name] is not None
    assert found.metrics["auc"] > found.baselines["closing_line"]["auc"]
    for row in found.by_season:
        assert row["closing_line_log_loss"] > row["log_loss"]
        assert row["closing_line_brier"] > row["brier"]


def test_a_baseline_has_the_model_s_figures_but_those_of_a_distribution(found):
    of_the_model = {"ece_luck", "ece_luck_95", "crps", "exact_log_score", "closing_crps"}
    for figures in found.baselines.values():
        assert figures.keys() == found.metrics.keys() - of_the_model
    wanted = {"bets", "pushes", "turnover", "unit_profit", "roi", "roi_low", "roi_high", "kelly_growth",
              "max_drawdown", "clv", "clv_coverage"}  # fmt: skip
    assert wanted <= found.metrics.keys()


def missing_notes(told):
    """Figures that are null without a reason."""
    missing = [name for name, value in told.metrics.items() if value is None and not told.notes.get(name)]
    for name, figures in told.baselines.items():
        reason = told.notes.get(f"baselines.{name}", "") + " ".join(
            n for n in ("clv", "clv_coverage") if n in told.notes
        )
        missing += [f"{name}.{figure}" for figure, value in figures.items() if value is None and figure not in reason]
    seasons = {name for row in told.by_season for name, value in row.items() if value is None}
    return missing + [f"by_season.{name}" for name in seasons if name not in told.notes.get("by_season", "")]


def unpriced():
    odds = DATA.market_log_odds.copy()
    odds[::3] = np.nan
    return replace(DATA, market_log_odds=odds, blind=True)


@pytest.mark.parametrize(
    ("p", "data", "settings"),
    [
        (TRUTH, DATA, Bets()),
        (CLOSE, DATA, Bets()),
        (TRUTH, DATA, Bets(min_edge=0.99)),
        (np.full(len(DATA), 0.5), DATA, Bets()),
        (np.full(len(DATA), 0.4), DATA, Bets()),
        (TRUTH, unpriced(), Bets()),
        (TRUTH, replace(DATA, prices=np.full((len(DATA), 2), np.nan)), Bets()),
        (TRUTH, replace(DATA, moment="open"), Bets()),
        (TRUTH, replace(DATA, y=np.zeros(len(DATA)), value=np.full(len(DATA), -3.0)), Bets()),
        (TRUTH, replace(DATA, y=np.full(len(DATA), np.nan), value=np.zeros(len(DATA))), Bets()),
        (TRUTH, replace(DATA, market_log_odds=np.full(len(DATA), np.nan), blind=True), Bets()),
    ],
    ids=["plain", "as the close", "no bet", "a half", "never first", "unpriced", "no prices", "open", "lost", "pushed",
         "no market"],
)  # fmt: skip
def test_every_figure_that_is_null_has_its_reason_and_all_of_it_is_json(p, data, settings):
    told = judged(p, data, settings)
    assert missing_notes(told) == []
    plain = {name: value for name, value in asdict(told).items() if name != "bets"}
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert all(told.notes.values())


def test_no_bet_is_the_reason_where_no_bet_was_made():
    told = judged(TRUTH, settings=Bets(min_edge=0.99))
    assert told.metrics["bets"] == 0
    assert told.metrics["turnover"] == 0
    for name in ("roi", "roi_low", "roi_high", "hit_rate", "kelly_growth", "max_drawdown"):
        assert told.metrics[name] is None
        assert told.notes[name].startswith("no bet had the edge asked for")
    assert "kelly_growth, max_drawdown: no bet had the edge" in told.notes["by_season"]


def test_without_any_price_of_the_market_the_model_is_scored_and_the_closing_line_is_not():
    nothing = np.full(len(DATA), np.nan)
    data = replace(DATA, market_log_odds=nothing, closing_log_odds=nothing, blind=True)
    told = judged(TRUTH, data)
    assert told.metrics["log_loss"] == log_loss(TRUTH, data.y)
    assert told.baselines["closing_line"]["log_loss"] is None
    assert "log_loss, brier" in told.notes["baselines.closing_line"]
    assert "closing_line_auc" in told.notes["by_season"]
    assert "there is no closing line" in told.notes["by_season"]
    assert told.verdict == "not proven: there is no closing line to compare with"
    assert told.metrics["closing_crps"] is None
    assert told.notes["closing_crps"] == "there is no closing line"


def test_seasons_add_up_to_the_whole(found):
    season = DATA.games["season"].to_numpy()
    assert [row["season"] for row in found.by_season] == sorted(set(season))
    assert sum(row["games"] for row in found.by_season) == len(DATA)
    for name, whole in (("log_loss", found.metrics), ("brier", found.metrics)):
        mean = sum(row[name] * row["games"] for row in found.by_season) / len(DATA)
        assert mean == pytest.approx(whole[name])
        close = sum(row[f"closing_line_{name}"] * row["games"] for row in found.by_season) / len(DATA)
        assert close == pytest.approx(found.baselines["closing_line"][name])
    assert sum(row["bets"] for row in found.by_season) == found.metrics["bets"] == len(found.bets)
    profit = sum(row["roi"] * row["bets"] for row in found.by_season)
    assert profit == pytest.approx(found.metrics["unit_profit"])


def test_a_model_that_knows_earns_and_the_roi_is_profit_over_turnover(found):
    assert found.metrics["roi"] == pytest.approx(found.metrics["unit_profit"] / found.metrics["turnover"])
    assert 0 < found.metrics["roi_low"] < found.metrics["roi"] < found.metrics["roi_high"]


def test_a_game_without_a_price_of_the_market_is_in_no_score():
    data = unpriced()
    priced = ~np.isnan(data.market_log_odds)
    told = judged(TRUTH, data)
    assert told.metrics["log_loss"] == log_loss(TRUTH[priced], data.y[priced])
    assert told.baselines["home"]["log_loss"] == log_loss(np.full(priced.sum(), 0.55), data.y[priced])
    assert told.notes["games"] == f"{(~priced).sum()} games without a price to be bet against are in no score"
    assert sum(row["games"] for row in told.by_season) == priced.sum()


def test_pushes_are_in_the_turnover_but_in_no_score():
    y, value = DATA.y.copy(), DATA.value.copy()
    y[::5], value[::5] = np.nan, 0.0
    told = judged(TRUTH, replace(DATA, y=y, value=value))
    plain = judged(TRUTH)
    assert told.metrics["pushes"] > 0 == plain.metrics["pushes"]
    assert told.metrics["turnover"] == plain.metrics["turnover"]
    assert told.metrics["log_loss"] == log_loss(TRUTH, y)
    assert sum(row["games"] for row in told.by_season) == (~np.isnan(y)).sum()


def test_games_without_quoted_prices_are_counted_and_not_bet():
    prices = DATA.prices.copy()
    prices[:100, 0] = np.nan
    prices[:50, 1] = np.nan
    told = judged(TRUTH, replace(DATA, prices=prices))
    assert told.notes["prices"].startswith("100 games")
    assert told.bets.game.min() >= 50


def test_at_the_close_the_closing_line_never_bets_and_says_why(found):
    assert found.baselines["closing_line"]["bets"] is None
    assert "never differs from its own price" in found.notes["baselines.closing_line"]
    assert "no later line" in found.notes["clv"]


def test_at_the_open_neither_line_bets_and_the_bets_are_held_against_the_close():
    at_open = replace(DATA, moment="open")
    opened = judged(TRUTH, at_open)
    assert opened.baselines["closing_line"]["bets"] is None
    assert "not known when the open is bet" in opened.notes["baselines.closing_line"]
    assert "never differs from its own price" in opened.notes["baselines.opening_line"]
    assert opened.bar == "opening_line"
    assert opened.verdict.startswith("better than the opening line")
    assert opened.metrics["clv_coverage"] == 1.0
    close = np.column_stack([CLOSE, 1 - CLOSE])[opened.bets.game, np.where(opened.bets.first_side, 0, 1)]
    assert opened.metrics["clv"] == pytest.approx(float(np.mean(close * opened.bets.price - 1)))


def test_figures_are_those_of_the_tested_games_of_a_real_walk():
    forward = walk(DATA, Train(jobs=1))
    told = evaluate(Forecasts.of(forward, DATA), Bets())
    assert told.metrics["log_loss"] == log_loss(forward.probability, DATA.y[forward.rows])
    assert told.metrics["crps"] == pytest.approx(forward.distribution_scores["crps"].mean())
    assert [row["season"] for row in told.by_season] == [fold.season for fold in forward.folds]
    assert sum(row["games"] for row in told.by_season) == forward.rows.size < len(DATA)


def test_the_bets_that_are_judged_are_those_that_the_settings_would_have_placed(found):
    edges, seasons = found.bets.edge, DATA.games["season"].to_numpy()
    most = float(np.median(edges))
    assert judged(TRUTH, settings=Bets(max_edge=most)).metrics["bets"] == (edges <= most).sum() < len(edges)
    strongest = judged(TRUTH, settings=Bets(strongest=0.2)).bets
    assert 0 < len(strongest) < len(edges)
    assert (seasons[strongest.game] > seasons.min()).all(), "the first season has no earlier one to go by"
    half = replace(DATA, price_assumed=np.arange(len(DATA)) % 2 == 0)
    assert len(judged(TRUTH, half).bets) == len(edges)
    assert (judged(TRUTH, half, Bets(assumed_prices=False)).bets.game % 2 == 1).all()


def test_slippage_takes_its_share_of_every_profit(found):
    slipped = judged(TRUTH, settings=Bets(slippage=0.1))
    np.testing.assert_array_equal(slipped.bets.game, found.bets.game)
    np.testing.assert_allclose(slipped.bets.price, 1 + 0.9 * (found.bets.price - 1))
    won = found.metrics["roi"] + 1 - found.metrics["hit_rate"]
    assert slipped.metrics["roi"] == pytest.approx(found.metrics["roi"] - 0.1 * won)


@pytest.mark.parametrize("baseline", ["home", "favourite"])
def test_every_home_side_and_every_favourite_earn_what_the_back_test_says(found, baseline):
    forecasts = Forecasts.of(walk_of(TRUTH), DATA)
    theirs = study(forecasts, Plan()).strategies[baseline]
    ours = found.baselines[baseline]
    assert ours["bets"] == theirs["bets"] > len(found.bets)
    assert (ours["roi"], ours["hit_rate"]) == (theirs["unit_roi"], theirs["hit_rate"])
    assert (ours["kelly_growth"], ours["max_drawdown"]) == (None, None)
    assert "without a probability" in found.notes[f"baselines.{baseline}"]


def test_a_total_has_no_favourite_to_bet():
    told = judged(TRUTH, planted(seasons=4, weeks=12, per_week=16, signal=0.8, market="totals"))
    assert told.baselines["favourite"]["bets"] is None
    assert "no favourite" in told.notes["baselines.favourite"]
    assert told.baselines["home"]["bets"]
