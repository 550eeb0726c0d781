"""The published columns are plain data, and there is one for everything that is known."""

from dataclasses import fields

from intact.audit import Evidence
from intact.audit.schema import BINARY, BOOL, COLUMNS, INT32, INT64, MOMENT, REQUIRED, TEXT, Type

WORDS = {BINARY, BOOL, INT32, INT64, MOMENT, TEXT}


def scalars(kind: Type) -> set[str]:
    if isinstance(kind, str):
        return {kind}
    members = kind if isinstance(kind, list) else list(kind.values())
    assert members
    return set().union(*map(scalars, members))


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
