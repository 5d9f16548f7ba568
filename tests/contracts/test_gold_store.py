"""What every gold store does, whoever made it, and what is refused as one."""

import json
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from busta.data.schema import INSTANT
from busta.errors import DataError, UsageError
from busta.features.catalog import PRICES, Feature
from busta.features.store import MemoryGold, open_gold, write_gold
from support import at, game, games_of, quote, quotes_of, same_bytes

GAMES = games_of(
    game("BOS", "LAX", "2020-09-13T17:00", (20, 10), game_id="a"),
    game("PHX", "NEW", "2020-09-14T17:00", game_id="b"),
    game("BOS", "NEW", "2020-09-20T17:00", game_id="c"),
)
QUOTES = quotes_of(quote(GAMES.row(0, named=True), "ats", 3.0))
CATALOG = (
    Feature("elo", "form", "Elo", "Strength.", "final"),
    Feature("margin", "form", "points", "Form.", "final"),
    Feature("price", PRICES, "points", "The spread.", "quote"),
)
SECOND = timedelta(microseconds=1)
MONDAY, TUESDAY, FRIDAY, SATURDAY = (at(f"2020-09-{day}T12:00") for day in ("07", "08", "11", "12"))


def events_of(group, *rows: Any):
    names = [feature.name for feature in CATALOG if feature.group == group]
    schema: Any = {"game_id": pl.String, "known_at": INSTANT} | dict.fromkeys(names, pl.Float64)
    return pl.DataFrame(list(rows), schema=schema, orient="row")


EVENTS = {  # not in order of time: a store sorts
    "form": events_of(
        "form", ("a", TUESDAY, 2.0, None), ("c", MONDAY, 7.0, 8.0), ("a", MONDAY, 1.0, 10.0), ("a", SATURDAY, 3.0, 30.0)
    ),
    PRICES: events_of(PRICES, ("a", FRIDAY, 4.5)),
}


def manifest():
    return {"version": "v1", "features": [feature.to_dict() for feature in CATALOG]}


def memory():
    return MemoryGold(GAMES, QUOTES, EVENTS, CATALOG, manifest())


@pytest.fixture
def folder(tmp_path):
    """A store in a folder."""
    write_gold(memory(), EVENTS, tmp_path)
    return tmp_path


def foreign(folder):
    (folder / "manifest.json").unlink()
    return open_gold(folder)


def ask(store, *decisions: Any):
    schema: Any = {"game_id": pl.String, "decision_time": INSTANT}
    return store.as_of(pl.DataFrame(list(decisions), schema=schema, orient="row"))


class TestAnyGoldStore:
    @pytest.fixture(params=["memory", "folder", "foreign"])
    def store(self, request, folder):
        return {"memory": lambda _: memory(), "folder": open_gold, "foreign": foreign}[request.param](folder)

    def test_answers_are_one_row_a_decision_in_the_order_asked(self, store):
        found = ask(store, ("c", SATURDAY), ("a", SATURDAY), ("b", SATURDAY))
        assert found["game_id"].to_list() == ["c", "a", "b"]
        assert found["elo"].to_list() == [7, 2, None]
        assert found["decision_time"].to_list() == [SATURDAY] * 3

    def test_answers_have_the_features_in_catalogue_order_between_game_and_known_at(self, store):
        found = ask(store, ("a", SATURDAY))
        assert found.columns == ["game_id", "decision_time", *(f.name for f in store.catalog), "known_at"]
        assert [f.name for f in store.catalog] == ["elo", "margin", "price"]
        assert found.schema["known_at"] == INSTANT

    @pytest.mark.parametrize(
        ("when", "elo", "known"),
        [
            (MONDAY, None, None),  # known at the very time of the decision is not seen
            (MONDAY + SECOND, 1, MONDAY),
            (TUESDAY, 1, MONDAY),
            (TUESDAY + SECOND, 2, TUESDAY),
            (SATURDAY + SECOND, 3, SATURDAY),
        ],
    )
    def test_a_value_is_seen_strictly_after_it_is_known(self, store, when, elo, known):
        found = ask(store, ("a", when))
        assert found["elo"].to_list() == [elo]
        assert found["known_at"].to_list() == [known]

    def test_a_later_row_of_a_group_replaces_it_whole(self, store):
        assert ask(store, ("a", TUESDAY + SECOND)).row(0, named=True)["margin"] is None

    def test_groups_are_as_old_as_they_are_and_known_at_is_the_youngest(self, store):
        found = ask(store, ("a", FRIDAY), ("c", SATURDAY))
        assert found["price"].to_list() == [None, None]
        assert found["known_at"].to_list() == [TUESDAY, MONDAY]
        found = ask(store, ("a", SATURDAY))
        assert found.select("elo", "price", "known_at").row(0) == (2, 4.5, FRIDAY)
        assert ask(store, ("a", SATURDAY + SECOND))["known_at"].to_list() == [SATURDAY]

    def test_a_game_of_which_nothing_is_known_has_nulls(self, store):
        found = ask(store, ("b", SATURDAY))
        assert found.row(0)[2:] == (None,) * 4

    def test_no_decisions_have_no_answers(self, store):
        assert ask(store).is_empty()
        assert ask(store).columns == ask(store, ("a", SATURDAY)).columns

    def test_many_decisions_each_see_their_own_past(self, store):
        for when in (MONDAY, TUESDAY, SATURDAY):
            alone = pl.concat([ask(store, (name, when)) for name in "cab"])
            assert same_bytes(ask(store, ("c", when), ("a", when), ("b", when)), alone)

    def test_a_game_asked_twice_is_refused(self, store):
        with pytest.raises(DataError, match="stands there twice"):
            ask(store, ("a", MONDAY), ("a", TUESDAY))

    def test_a_game_that_is_not_there_is_refused(self, store):
        with pytest.raises(DataError, match=r"1 games are not in this gold store, the first is 'z'"):
            ask(store, ("a", MONDAY), ("z", TUESDAY))

    @pytest.mark.parametrize(
        "column",
        [
            pl.lit(MONDAY).dt.replace_time_zone(None),
            pl.lit(MONDAY).dt.convert_time_zone("America/New_York"),
            pl.lit(MONDAY).dt.cast_time_unit("ms"),
            pl.lit("2020-09-07"),
        ],
    )
    def test_a_time_that_is_not_utc_microseconds_is_refused(self, store, column):
        frame = pl.DataFrame({"game_id": ["a"]}).with_columns(column.alias("decision_time"))
        with pytest.raises(DataError, match="needed: game_id"):
            store.as_of(frame)

    def test_decisions_without_the_needed_columns_are_refused(self, store):
        with pytest.raises(DataError, match="needed: game_id"):
            store.as_of(pl.DataFrame({"game_id": ["a"]}))

    def test_it_holds_the_tables_it_was_made_of(self, store):
        assert store.games.equals(GAMES)
        assert store.quotes.equals(QUOTES)


def test_a_folder_read_back_is_the_store_that_was_written(folder):
    back = open_gold(folder)
    assert back.manifest == json.loads(json.dumps(manifest()))
    assert list(back.catalog) == list(CATALOG)


def test_a_store_that_came_without_a_manifest_says_so(folder):
    store = foreign(folder)
    assert store.manifest["version"] is None
    assert [(f.name, f.group) for f in store.catalog] == [("elo", "form"), ("margin", "form"), ("price", PRICES)]
    assert all("without a manifest" in f.meaning for f in store.catalog)


def form(folder):
    return folder / "features" / "form.parquet"


def rewrite(folder, change):
    change(pl.read_parquet(form(folder))).write_parquet(form(folder))


def test_a_folder_that_is_not_there_says_how_to_make_one(tmp_path):
    with pytest.raises(UsageError, match="features build"):
        open_gold(tmp_path / "nothing")


def test_a_folder_without_features_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no features"):
        open_gold(tmp_path)


@pytest.mark.parametrize("name", ["games.parquet", "quotes.parquet"])
def test_a_missing_table_is_refused(folder, name):
    (folder / name).unlink()
    with pytest.raises(DataError, match=f"needs {name}"):
        open_gold(folder)


@pytest.mark.parametrize("content", [b"", b"not parquet", b"PAR1" * 20])
@pytest.mark.parametrize("name", ["games.parquet", "features/form.parquet"])
def test_a_file_that_is_not_parquet_is_refused(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=r"not a Parquet file(?s:.*)built from the tables again"):
        open_gold(folder)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(microseconds=1), timedelta(days=1)])
def test_a_feature_known_at_or_after_the_start_is_refused(folder, late):
    row = events_of("form", ("b", GAMES["kickoff"][1] + late, 1.0, 1.0))
    rewrite(folder, lambda frame: pl.concat([frame, row]))
    with pytest.raises(DataError, match=r"form.parquet: known_at is at or after the start in 1 of 5 rows.*game b"):
        open_gold(folder)


def test_a_feature_known_just_before_the_start_is_taken(folder):
    row = events_of("form", ("b", GAMES["kickoff"][1] - SECOND, 1.0, 1.0))
    rewrite(folder, lambda frame: pl.concat([frame, row]))
    assert ask(open_gold(folder), ("b", GAMES["kickoff"][1]))["elo"].to_list() == [1]


def test_two_rows_of_a_game_at_one_time_are_refused(folder):
    rewrite(folder, lambda frame: pl.concat([frame, frame.head(1)]))
    with pytest.raises(DataError, match="game_id, known_at stands there twice"):
        open_gold(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop("known_at"), "needs the columns game_id and known_at"),
        (lambda f: f.drop("game_id"), "needs the columns game_id and known_at"),
        (lambda f: f.with_columns(pl.col("elo").cast(pl.Float32)), "features are Float64; these are not: elo"),
        (lambda f: f.with_columns(pl.lit("x").alias("elo")), "features are Float64; these are not: elo"),
        (lambda f: f.with_columns(pl.col("known_at").dt.replace_time_zone(None)), "microseconds, UTC"),
        (lambda f: f.with_columns(pl.col("game_id").cast(pl.Categorical)), "needs game_id"),
        (
            lambda f: f.with_columns(pl.lit(None).cast(INSTANT).alias("known_at")),
            "known_at is missing in 4 of 4",
        ),
        (
            lambda f: f.with_columns(pl.lit(None).cast(pl.String).alias("game_id")),
            "game_id is missing in 4 of 4",
        ),
    ],
)
def test_features_of_another_shape_are_refused(folder, change, says):
    rewrite(folder, change)
    with pytest.raises(DataError, match=says):
        open_gold(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.rename({"margin": "other"}), "names 'margin'"),
        (lambda f: f.drop("margin"), "names 'margin'"),
        (lambda f: f.with_columns(pl.lit(1.0).alias("more")), "4 columns, 3 described"),
    ],
)
def test_features_that_are_not_those_of_the_catalogue_are_refused(folder, change, says):
    rewrite(folder, change)
    with pytest.raises(DataError, match=says):
        open_gold(folder)


def test_a_group_that_the_catalogue_does_not_know_is_refused(folder):
    EVENTS[PRICES].write_parquet(folder / "features" / "more.parquet")
    with pytest.raises(DataError, match="catalogue differ"):
        open_gold(folder)


def test_one_name_in_two_groups_is_refused_with_and_without_a_manifest(folder):
    EVENTS["form"].write_parquet(folder / "features" / "more.parquet")
    with pytest.raises(DataError, match="catalogue differ"):
        open_gold(folder)
    with pytest.raises(DataError, match="catalogue differ"):
        foreign(folder)


def test_tables_of_another_shape_are_refused(folder):
    GAMES.with_columns(pl.col("season").cast(pl.Int64)).drop("roof").write_parquet(folder / "games.parquet")
    with pytest.raises(DataError, match=r"games.parquet: .*season \(Int32\), roof \(String\)"):
        open_gold(folder)


def test_a_game_that_stands_there_twice_is_refused(folder):
    pl.concat([GAMES, GAMES.head(1)]).write_parquet(folder / "games.parquet")
    with pytest.raises(DataError, match=r"games.parquet: game_id stands there twice in 2 of 4 rows.*game a"):
        open_gold(folder)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"features": 5}', "features is not as needed: input should be a valid array"),
        ('{"features": ["elo"]}', "features.0 is not as needed"),
        ('{"features": [{"name": "elo"}]}', "features.0.group is not as needed: field required"),
        ('{"features": [{"colour": "red"}]}', "features.0.name is not as needed: field required"),
        ('{"features": [{"name": 3}]}', "features.0.name is not as needed"),
        ('{"features": null}', "features is not as needed"),
        ('{"sources": "x"}', "sources is not as needed"),
        ('{"sources": [{"name": "x"}]}', "sources.0.sha256 is not as needed"),
        ('{"missing": []}', "missing is not as needed"),
        ('{"missing": {"roof": 3}}', "missing.roof is not as needed"),
        ('{"version": 7}', "version is not as needed"),
    ],
)
def test_a_broken_manifest_is_refused(folder, text, says):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=says) as caught:
        open_gold(folder)
    assert "manifest.json" in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2


@pytest.mark.parametrize("column", ["game_id", "season", "week", "kickoff", "home_team", "away_team"])
def test_a_game_without_what_every_game_has_is_refused(folder, column):
    second = pl.col("game_id") == "b"
    GAMES.with_columns(pl.when(~second).then(pl.col(column)).alias(column)).write_parquet(folder / "games.parquet")
    with pytest.raises(DataError, match=f"games.parquet: {column} is missing in 1 of 3 rows"):
        open_gold(folder)


def offered(**changes: Any):
    return quotes_of(QUOTES.row(0, named=True) | changes)


@pytest.mark.parametrize(
    ("quotes", "says"),
    [
        (offered(known_at=GAMES["kickoff"][0]), "known_at is at or after the start in 1 of 1 rows.*game a"),
        (offered(known_at=None), "known_at is missing"),
        (offered(game_id="z"), "game_id is not in games.parquet in 1 of 1 rows, the first of game z"),
        (offered(game_id=None), "game_id is missing"),
        (offered(book=None), "book is missing"),
        (pl.concat([QUOTES, offered(line=4.0)]), "game_id, market, book, moment stands there twice in 2 of 2 rows"),
        (offered(first_price=0.5), "first_price is no decimal price"),
        (offered(first_price=1.0), "first_price is no decimal price"),
        (offered(second_price=float("inf")), "second_price is no decimal price"),
        (offered(second_price=float("nan")), "second_price is no decimal price"),
        (offered(line=3.25), "line is neither whole nor half"),
        (offered(line=float("inf")), "line is neither whole nor half"),
        (offered(line=float("nan")), "line is neither whole nor half"),
        (offered(line=1e300), "line is neither whole nor half"),
    ],
)
def test_a_quote_that_nobody_could_have_bet_at_is_refused(folder, quotes, says):
    quotes.write_parquet(folder / "quotes.parquet")
    with pytest.raises(DataError, match=f"quotes.parquet: {says}"):
        open_gold(folder)


def test_quotes_without_prices_and_none_at_all_are_taken(folder):
    for quotes in (offered(first_price=None, second_price=None, line=-3.5), QUOTES.clear()):
        quotes.write_parquet(folder / "quotes.parquet")
        assert open_gold(folder).quotes.equals(quotes)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), 1e300, -1e15])
def test_a_feature_that_is_no_number_to_reckon_with_is_refused(folder, value):
    rewrite(folder, lambda frame: frame.with_columns(pl.lit(value).alias("elo")))
    with pytest.raises(DataError, match=r"features/form.parquet: elo is no number below 1e\+15 in 4 of 4.*game a"):
        open_gold(folder)


@pytest.mark.parametrize(("value", "fits"), [(1.7, False), (-0.01, False), (0.0, True), (1.0, True), (None, True)])
def test_a_probability_beyond_0_to_1_is_refused(value, fits):
    catalog = (*CATALOG[:2], Feature("price", PRICES, "probability", "Home wins.", "quote"))
    events = EVENTS | {PRICES: events_of(PRICES, ("a", FRIDAY, value))}
    if fits:
        assert MemoryGold(GAMES, QUOTES, events, catalog, {}).catalog == catalog
    else:
        with pytest.raises(DataError, match=r"features/prices.parquet: price is no probability.*game a"):
            MemoryGold(GAMES, QUOTES, events, catalog, {})


def test_a_store_may_lie_under_any_name(tmp_path):
    odd = tmp_path / "br[a]ck *?%20"
    odd.mkdir()
    write_gold(memory(), EVENTS, odd)
    assert open_gold(odd).games.equals(GAMES)
