"""The published columns are plain data, and there is one for everything that is known."""

from dataclasses import fields

import pyarrow as pa
import pyarrow.parquet as pq

from intact.audit import Evidence
from intact.audit.schema import BINARY, BOOL, COLUMNS, INT32, INT64, MOMENT, REQUIRED, TEXT, Type
from tests.ledgers import GOLDEN

WORDS = {BINARY, BOOL, INT32, INT64, MOMENT, TEXT}


def scalars(kind: Type) -> set[str]:
    if isinstance(kind, str):
        return {kind}
    members = kind if isinstance(kind, list) else list(kind.values())
    assert members
    return set().union(*map(scalars, members))


def published(kind: pa.DataType) -> Type:
    """A type of the stored ledger, as plain data."""
    if pa.types.is_list(kind):
        return [published(kind.value_type)]
    if pa.types.is_struct(kind):
        return {member.name: published(member.type) for member in kind}
    if pa.types.is_timestamp(kind):
        assert (kind.unit, kind.tz) == ("us", "UTC")
        return MOMENT
    return str(kind)


def test_the_columns_are_those_of_ledgers_that_are_out_there() -> None:
    schema = pq.read_schema(next(GOLDEN.glob("findings/*.parquet")))
    columns = {column.name: published(column.type) for column in schema}
    assert columns == COLUMNS
    assert list(columns) == list(COLUMNS)
    assert {column.name for column in schema if not column.nullable} == REQUIRED


def test_the_words_of_types_are_published() -> None:
    named = (BINARY, BOOL, INT32, INT64, MOMENT, TEXT)
    assert named == ("binary", "bool", "int32", "int64", "timestamp", "string")


def test_every_type_is_made_of_known_words() -> None:
    assert scalars(dict(COLUMNS)) == WORDS
    assert set(COLUMNS) >= REQUIRED


def test_every_piece_of_evidence_has_a_column() -> None:
    renamed = {
        "row": "row_problem",
        "source": "source_object",
        "destination": "destination_object",
    }
    wanted = {renamed.get(field.name, field.name) for field in fields(Evidence)}
    head = {"row", "verdict", "reason", "level", "source", "destination", "row_text"}
    assert set(COLUMNS) - wanted == head
    assert wanted <= set(COLUMNS)
