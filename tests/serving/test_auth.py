from __future__ import annotations

import json
import os

import pytest

from busta.errors import DataError, UsageError
from busta.serving.auth import Keys


@pytest.fixture
def keys(tmp_path):
    return Keys(tmp_path / "keys.json")


def look(keys):
    keys._next_look = 0.0
    return keys


def test_a_key_is_kept_as_a_hash_that_only_its_owner_reads(keys):
    number, key = keys.add("write", "laptop")
    text = keys.file.read_text()
    assert key.split("_", 2)[2] not in text
    assert keys.file.stat().st_mode & 0o777 == 0o600
    assert keys.scopes(key) == (number, ("read", "write"))
    assert keys.listed()[0]["name"] == "laptop"
    assert "sha256" not in keys.listed()[0]


def test_rotation_makes_a_new_key_and_ends_the_old_one(keys):
    old, first = keys.add("read")
    _, second = keys.add("read")
    assert keys.scopes(first)
    keys.revoke(old)
    assert look(keys).scopes(first) is None
    assert keys.scopes(second)
    assert [bool(row["revoked_at"]) for row in keys.listed()] == [True, False]


@pytest.mark.parametrize(
    "change", [lambda key: key[:-1], lambda key: key + "x", lambda key: key.upper(), lambda key: ""]
)
def test_nearly_a_key_is_none(keys, change):
    _, key = keys.add("admin")
    assert keys.scopes(change(key)) is None


def test_what_is_no_key_or_scope_is_told_what_there_is(keys):
    number, _ = keys.add("read")
    with pytest.raises(UsageError, match=r"unknown scope 'root'.*Allowed: read, write, admin"):
        keys.add("root")
    with pytest.raises(UsageError, match=f"Allowed: {number}"):
        keys.revoke("0")
    keys.revoke(number)
    with pytest.raises(UsageError, match="none yet"):
        keys.revoke(number)


def test_a_file_that_others_may_read_is_refused(keys):
    _, key = keys.add("read")
    keys.file.chmod(0o644)
    with pytest.raises(DataError, match="chmod 600"):
        keys.listed()
    with pytest.raises(DataError, match="chmod 600"):
        look(Keys(keys.file)).scopes(key)


@pytest.mark.parametrize("text", ["{", "{}", "[1]", '[{"id": "x"}]', "null"])
def test_a_file_of_something_else_is_refused(keys, text):
    keys.file.touch(mode=0o600)
    keys.file.write_text(text)
    if text == "{}":
        assert keys.listed() == []
        return
    with pytest.raises(DataError, match="is not a file of keys"):
        keys.listed()


def test_a_scope_that_is_none_may_nothing(keys):
    _, key = keys.add("read")
    rows = json.loads(keys.file.read_text())
    keys.file.write_text(json.dumps([rows[0] | {"scope": "root"}]))
    os.utime(keys.file, (1, 1))
    assert look(keys).scopes(key)[1] == ()


def test_without_a_file_there_is_no_key(keys):
    assert not keys.any()
    _, key = keys.add("read")
    assert look(keys).any()
    keys.file.unlink()
    assert look(keys).scopes(key) is None
