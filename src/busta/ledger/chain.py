"""What an entry of the ledger is, and the chain of hashes that ties it to all before it.

    hash of an entry = sha256(hash of the one before + its seq, time, kind, key and body as canonical JSON)

Whoever changes, moves or removes an entry breaks every hash from there on; whoever can rewrite all of
them cannot make the last one (the head) what it was.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from busta.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["GENESIS", "KINDS", "Checked", "Draft", "Entry", "canonical", "check", "link"]

GENESIS = "0" * 64
"""The hash before the first entry."""
KINDS = ("prediction", "bet", "void", "result", "settlement", "bankroll", "audit")
SHOWN = 10  # problems in an answer: after a rewrite, nearly all that follows may be wrong
LONGEST_KEY = 300


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be written.

    Attributes:
        kind: One of ``KINDS``.
        key: Of all entries of a kind, only one has it: who writes twice has written once.
        body: Texts, numbers, times, truth values and nothing, in lists and mappings.
    """

    kind: str
    key: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """What was written.

    Attributes:
        seq: 1, 2, 3, … without a gap.
        at: When it was written, UTC.
        kind: As in the draft.
        key: As in the draft.
        body: As in the draft; times are ISO texts in UTC.
        hash: Of the entry and all before it, 64 hexadecimal digits.
        new: Whether this call wrote it; false where the same was there already. No part of the entry.
        run_id: Of the run that wrote it; ``None`` where it said none.
    """

    seq: int
    at: datetime
    kind: str
    key: str
    body: dict[str, Any]
    hash: str
    new: bool = field(default=False, compare=False)
    run_id: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at the whole chain found.

    Attributes:
        entries: How many there are.
        head: Hash of the last one, `GENESIS` of none; who has it written down can prove later that
            nothing before it was changed or cut off.
        problems: What is wrong, none if nothing is; of many, the first ten.
    """

    entries: int
    head: str
    problems: tuple[str, ...]


def canonical(draft: Draft) -> str:
    """The draft's body as JSON that is the same for the same content: keys sorted, times ISO in UTC, floats exact.

    >>> canonical(Draft("bet", "k", {"stake": 0.1, "at": datetime(2026, 1, 2, 3, tzinfo=UTC)}))
    '{"at":"2026-01-02T03:00:00+00:00","stake":0.1}'

    Raises:
        DataError: A kind or key that is none, a value that JSON has no word for, or a time without its zone.
    """
    if draft.kind not in KINDS:
        raise DataError(f"no entry of kind {draft.kind!r} can be written; allowed: {', '.join(KINDS)}")
    if not isinstance(draft.key, str) or not draft.key.isprintable() or not 0 < len(draft.key) <= LONGEST_KEY:
        raise DataError(f"key {draft.key!r:.60} of a {draft.kind}: needed are 1 to {LONGEST_KEY} printable characters")
    try:
        return json.dumps(
            dict(draft.body),
            sort_keys=True,
            allow_nan=False,
            separators=(",", ":"),
            default=_plain,
            check_circular=True,
        )
    except (TypeError, ValueError, RecursionError) as exc:
        raise DataError(f"the {draft.kind} {draft.key} cannot be written to the ledger: {exc}") from exc


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"the time {value} has no zone")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r:.60} is no text, number, time or truth value")


def link(before: str, seq: int, at: str, kind: str, key: str, body: str) -> str:
    """The hash of an entry.

    Args:
        before: Hash of the entry before it.
        seq: Its number.
        at: When it was written, ISO in UTC.
        kind: Its kind.
        key: Its key.
        body: Its body as it is stored.
    """
    content = f'{{"at":{json.dumps(at)},"body":{body},"key":{json.dumps(key)},"kind":{json.dumps(kind)},"seq":{seq}}}'
    return hashlib.sha256(f"{before}{content}".encode()).hexdigest()


def check(rows: Iterable[tuple[int, str, str, str, str, str]], head: str | None = None) -> Checked:
    """Looks at every entry: is it what was written, in its place, and is none missing?

    Args:
        rows: Seq, at, kind, key, body and hash of all entries as they are stored, by seq.
        head: A head that was written down earlier; it has to be in the chain, or its end was cut off or rewritten.
    """
    problems: list[str] = []
    before, count, last, met = GENESIS, 0, 0, head in (None, GENESIS)
    for seq, at, kind, key, body, found in rows:
        if seq != last + 1:
            problems.append(f"entry {last + 1} is missing: after {last} comes {seq}")
        if link(before, seq, at, kind, key, body) != found:
            problems.append(f"entry {seq} ({kind} {key}) is not what was written, or not in its place")
        before, last, count, met = found, seq, count + 1, met or found == head
    if not met:
        problems.append(f"the head {head} is not in the chain: its end was cut off or rewritten")
    return Checked(count, before, tuple(problems[:SHOWN]))
