"""Every error busta raises on purpose, with the exit code it ends a command with.

    BustaError            1   never raised itself
    ├── UsageError        2   a name, option or setting that cannot be right
    ├── Refusal           3   an honest "no": a gate, an audit, a doctor's finding
    ├── DataError         4   data that was looked at and not accepted
    └── OutsideError      5   something outside busta is missing or down

A message is one or two lines: what was given, what is allowed, what to do. Errors of other
libraries are chained with ``from``, so that ``--debug`` can show them.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BustaError", "DataError", "OutsideError", "Refusal", "UsageError", "unknown", "without_password"]


class BustaError(Exception):
    """Base of all errors a user can do something about."""

    exit_code: ClassVar[int] = 1


class UsageError(BustaError):
    """A name, option or setting that cannot be right."""

    exit_code = 2


class Refusal(BustaError):  # noqa: N818 - a "no" is an answer, not a mishap
    """An honest "no"."""

    exit_code = 3


class DataError(BustaError):
    """Data that was looked at and not accepted."""

    exit_code = 4


class OutsideError(BustaError):
    """Something outside busta is missing or down."""

    exit_code = 5


def unknown(kind: str, given: object, allowed: Iterable[object]) -> UsageError:
    """The error for a name that is none of the allowed ones, with the nearest as a suggestion.

    >>> print(unknown("market", "moneylin", ["ats", "moneyline"]))
    unknown market 'moneylin'; did you mean 'moneyline'? Allowed: ats, moneyline
    """
    names = [str(name) for name in allowed]
    near = get_close_matches(str(given), names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return UsageError(f"unknown {kind} {str(given)!r}{hint} Allowed: {', '.join(names) or 'none yet'}")


def without_password(text: str) -> str:
    """The text with user and password of every address in it starred out, before its host or in its query.

    >>> without_password("http://me:secret@host:5000 failed")
    'http://***@host:5000 failed'
    >>> without_password("postgresql://host/db?user=me&password=secret failed")
    'postgresql://host/db?user=me&password=*** failed'
    """
    return re.sub(r"(?i)\b(\w*password=)[^\s&'\"]+", r"\1***", re.sub(r"://\S*@", "://***@", text))
