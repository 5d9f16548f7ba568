from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busta.data.textfile import (
    LINE,
    PROBLEM,
    field_names,
    number,
    read_csv,
    read_json,
    read_table,
    rename,
    whole,
)
from busta.errors import BustaError, DataError, UsageError


def test_fields_are_text_and_nothing_is_null():
    table = read_csv("\ufeffa,b , c\n1, x y ,NA\n,2.50,\n".encode(), "a test")
    assert table.drop(LINE, PROBLEM).rows() == [("1", "x y", None), (None, "2.50", None)]
    assert table.columns[:3] == ["a", "b", "c"]


def test_lines_are_those_of_the_file():
    table = read_csv(b'a,b\r\n1,"x\r\ny"\r\n\r\n2,z\r\n', "a test")
    assert table[LINE].to_list() == [3, 5]
    assert table["b"].to_list() == ["x\r\ny", "z"]


def test_a_line_with_too_many_or_too_few_fields_has_that_as_its_problem():
    table = read_csv(b"a,b\n1,2,3\n4\n5,6\n", "a test")
    assert table[PROBLEM].to_list() == ["3 fields where the header has 2", "1 fields where the header has 2", None]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b",,\n", "no column has a name"),
        (b"PK\x03\x04\x00\x00", "a binary file"),
        ("a,b\n1,2\n".encode("utf-16"), "a binary file"),
        (b"a,b\n1,\xff\n", "byte 6 is not UTF-8"),
        (b'a,b\n1,"2\n3,4\n', "line 3 is not comma-separated text"),
        (b"a,b,a\n1,2,3\n", "its header has 'a' more than once"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_reason(raw, says):
    with pytest.raises(DataError, match=f"^not a test: {says}"):
        read_csv(raw, "a test")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='a1,"\n\r;', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(raw):
    try:
        table = read_csv(raw, "a test")
    except BustaError:
        return
    assert table[LINE].is_sorted()


def test_numbers_are_finite_and_whole_ones_fit():
    frame = pl.DataFrame({"a": ["1", "-2.5", "1e3", "inf", "nan", "x", "3.0", "1e12", None]})
    assert frame.select(number("a"))["a"].to_list() == [1, -2.5, 1000, None, None, None, 3, 1e12, None]
    assert frame.select(whole("a"))["a"].to_list() == [1, None, 1000, None, None, None, 3, None, None]


def test_a_mapped_column_wins_over_one_of_that_name():
    table = pl.DataFrame({"a": ["1"], "b": ["2"]})
    assert rename(table, {"b": "a"}, ["a"]).to_dict(as_series=False) == {"a": ["2"]}
    assert rename(table, {"a": "b", "b": "a"}, ["a", "b"]).to_dict(as_series=False) == {"b": ["1"], "a": ["2"]}
    assert rename(table, {"a": "a"}, ["a"]).columns == ["a", "b"]


def test_two_columns_cannot_become_one():
    with pytest.raises(UsageError, match="two columns of the file"):
        rename(pl.DataFrame({"a": ["1"], "b": ["2"]}), {"a": "c", "b": "c"}, ["c"])


def test_a_json_list_is_a_table_of_texts_with_each_objects_place():
    table = read_json(b'[{"a": 1.0, "b": " x "}, {"b": "NaN", "c": true, "a": null}, 5, {"a": [1]}]', "a test")
    assert table.drop(LINE, PROBLEM).to_dict(as_series=False) == {
        "a": ["1.0", None, None, "[1]"],
        "b": ["x", None, None, None],
        "c": [None, "true", None, None],
    }
    assert table[LINE].to_list() == [1, 2, 3, 4]
    assert table[PROBLEM].to_list() == [None, None, "it is no object with fields", None]


@pytest.mark.parametrize("raw", [b"[1", b"[" * 100_000, b"[]", b"[1, 2]", b'[{"a": 1}]x', b"[\xff]"])
def test_what_is_no_list_of_objects_is_refused(raw):
    with pytest.raises(DataError, match=r"^not a test: "):
        read_json(raw, "a test")


def test_a_file_says_by_its_start_whether_it_is_a_json_list():
    bom = b"\xef\xbb\xbf"
    for raw in (b'a,b\n1,"[2"\n', b'[{"a": "1", "b": "[2"}]', bom + b' [{"a": 1, "b": "[2"}]', bom + b"a,b\n1,[2\n"):
        assert read_table(raw, "a test").select("a", "b").rows() == [("1", "[2")]
        assert field_names(raw, "a test") == ["a", "b"]


def test_a_text_of_nothing_but_blanks_names_no_field():
    assert field_names(b",\n", "a test") == []
