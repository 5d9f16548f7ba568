"""All exhibits, built when they are asked for."""

from __future__ import annotations

import inspect
import zlib
from typing import TYPE_CHECKING

import numpy as np

from busta.errors import UsageError, unknown
from busta.performance.zoo import columns, folds, second, second_folds, third, third_rows
from busta.performance.zoo.exhibit import QUESTIONS, Exhibit, disguised
from busta.performance.zoo.ground import simulated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.random import Generator

    from busta.performance.zoo.exhibit import Question, Sketch
    from busta.performance.zoo.ground import Ground

    Plant = Callable[[Ground, Question, float, Generator], tuple[Sketch, Sketch]]

__all__ = ["PLANTS", "SECOND", "THIRD", "exhibit", "exhibits"]

PLANTS: Mapping[str, Plant] = {
    "same-game score": columns.same_game_score,
    "season-end aggregate": columns.season_end_aggregate,
    "week-inclusive average": columns.week_inclusive_average,
    "close for open": columns.close_for_open,
    "revised rating": columns.revised_rating,
    "renamed label": columns.renamed_label,
    "random split": folds.random_split,
    "target encoding": folds.encoded_on_all_rows,
    "scaler on all rows": folds.scaled_on_all_rows,
    "duplicated rows": folds.duplicated_rows,
    "mirrored rows": folds.mirrored_rows,
    "outcome-dependent gaps": columns.missing_by_outcome,
    "future rest days": columns.future_rest,
    "calibrator on test": folds.calibrated_on_test,
}
"""Makes a leaky table and its twin from games, what is to be predicted, a strength and a source of chance."""

SECOND: Mapping[str, Plant] = {
    "rating after the game": second.rated_after,
    "head-to-head record": second.head_to_head,
    "in-play price": second.in_play_price,
    "gaps filled by season": second.filled_from_season,
    "winner listed first": second.winner_first,
    "row number of a sort": second.row_number,
    "games this season": second.games_this_season,
    "overtime remark": second.overtime_remark,
    "streak after the game": second.streak_after,
    "injuries of the game": second.injuries_of_game,
    "night game as the last": second.night_game_as_last,
    "in-sample base model": second_folds.in_sample_base,
    "trained through the fold": second_folds.trained_through_fold,
    "chosen on all rows": second_folds.chosen_on_all_rows,
    "best of many on test": second_folds.best_on_test,
}
"""The second zoo, which no detector was tuned on: written by another hand once the detectors stood."""

THIRD: Mapping[str, Plant] = {
    "form across teams": third.form_across_teams,
    "newest game first": third.newest_first,
    "line of the next game": third.line_of_next_game,
    "paid on the favourite": third.paid_on_favourite,
    "weight of the row": third.weight_of_row,
    "coach's whole career": third.career_of_coach,
    "ranking after the week": third.ranked_after_week,
    "schedule of the season": third.schedule_of_season,
    "leave-one-out encoding": third_rows.leave_one_out,
    "gaps filled by outcome": third_rows.filled_by_outcome,
    "components with target": third_rows.components_with_target,
    "oversampled before split": third_rows.oversampled,
}
"""The third, by a third hand, once what the second showed was mended."""


def exhibits(seed: int, strength: float = 1.0, *, ground: Ground | None = None) -> Iterator[Exhibit]:
    """One exhibit after the other, of all zoos.

    Args:
        seed: Decides on everything left to chance: the simulated league, the variant of a leak. The target goes in
            turn: three seeds on end show a leak with each.
        strength: In (0, 1]: the share of rows or folds that leak, or the weight of the leak; the plants say which.
        ground: The games; a simulated league of that seed by default.

    Raises:
        UsageError: A strength out of its range.
        DataError: Too few games, or too few with an opening line.
    """
    games = ground or simulated(seed)
    return (exhibit(name, seed, strength, ground=games) for name in (*PLANTS, *SECOND, *THIRD))


def exhibit(name: str, seed: int, strength: float = 1.0, *, ground: Ground | None = None) -> Exhibit:
    """The exhibit of that name; arguments and errors as of ``exhibits``.

    Raises:
        UsageError: There is none of that name, or a strength out of its range.
    """
    plants = {**PLANTS, **SECOND, **THIRD}
    if name not in plants:
        raise unknown("exhibit", name, plants)
    if not 0 < strength <= 1:
        raise UsageError(f"strength {strength}; allowed: above 0, to 1")
    plant = plants[name]
    number = zlib.crc32(name.encode())
    rng = np.random.default_rng([seed, number])
    leaky, clean = plant(ground or simulated(seed), QUESTIONS[(seed + number) % len(QUESTIONS)], strength, rng)
    sentence = (inspect.getdoc(plant) or "").partition("\n")[0]
    return Exhibit(name, sentence, disguised(leaky, rng), disguised(clean, rng))
