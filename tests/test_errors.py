"""The error tree and its exit codes."""

import pytest

from busta.errors import BustaError, DataError, OutsideError, Refusal, UsageError, unknown


@pytest.mark.parametrize(
    ("error", "code"), [(BustaError, 1), (UsageError, 2), (Refusal, 3), (DataError, 4), (OutsideError, 5)]
)
def test_every_error_is_a_busta_error_with_the_exit_code_of_the_design(error, code):
    assert error.exit_code == code
    assert issubclass(error, BustaError)


def test_a_near_name_is_suggested():
    error = unknown("market", "totls", ["ats", "totals"])
    assert isinstance(error, UsageError)
    assert str(error) == "unknown market 'totls'; did you mean 'totals'? Allowed: ats, totals"


def test_a_name_like_none_gets_no_suggestion():
    assert str(unknown("market", "zzz", ["ats", "totals"])) == "unknown market 'zzz'. Allowed: ats, totals"


def test_where_nothing_is_allowed_the_message_says_so():
    assert str(unknown("league", 7, [])) == "unknown league '7'. Allowed: none yet"
