"""Words that ledgers hold."""

import re
from dataclasses import FrozenInstanceError, fields, replace
from enum import Enum

import pytest

from intact.audit import (
    Absent,
    BytesRead,
    Computed,
    Evidence,
    Expected,
    Finding,
    Level,
    Policy,
    ReadMode,
    Reason,
    Slot,
    Unreadable,
    Verdict,
    Window,
    Withheld,
)
from intact.audit.remedy import Remedy
from intact.checksum import Algorithm, Checksum
from intact.s3.likeness import Likeness
from tests.worlds import BEGIN, END


@pytest.mark.parametrize("words", [Verdict, Reason, Slot, ReadMode, Remedy, Likeness])
def test_the_word_on_the_wire_is_the_name(words: type[Enum]) -> None:
    assert [member.value for member in words] == [member.name.lower() for member in words]


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_a_sentence_and_what_to_do(reason: Reason) -> None:
    sentence = re.compile(r"[A-Z][a-z]*[ -].+\.")
    assert sentence.fullmatch(reason.sentence)
    assert sentence.fullmatch(reason.remedy) or not reason.remedy


def test_levels_are_numbered_by_their_strength() -> None:
    assert {level.name: level.value for level in Level} == {
        "NONE": 0,
        "ETAG": 1,
        "RECORDED": 2,
        "INDEPENDENT": 3,
        "COMPUTED": 4,
        "READ": 5,
    }


def test_what_proves_itself_needs_no_remedy() -> None:
    assert {reason for reason in Reason if not reason.remedy} == {
        Reason.EQUAL,
        Reason.EQUAL_SUPERSEDED,
    }


def test_a_finding_shows_no_equality_unless_it_says_so() -> None:
    found = Finding(verdict=Verdict.UNVERIFIABLE, reason=Reason.SOURCE_ABSENT)
    assert found.level is Level.NONE


def test_what_a_comparison_of_local_bytes_can_say() -> None:
    assert {likeness.value for likeness in Likeness} == {
        "equal",
        "different",
        "missing",
        "not_comparable",
        "unread",
    }


def test_a_delete_marker_is_told_in_the_ledgers_word() -> None:
    assert Absent(detail="delete marker").marker
    assert not Absent(detail="404").marker
    assert Absent(detail="delete marker") != Absent()


def test_what_no_inventory_lists_is_told_in_the_ledgers_word() -> None:
    assert Withheld(terms="the inventory does not list it").unlisted
    assert not Withheld(terms="the audit reads files alone").unlisted


def test_what_was_answered_of_an_absence_is_for_people() -> None:
    assert Absent(detail="404") == Absent()
    assert Absent().detail == ""
    assert repr(Absent()) == "Absent(detail='')"
    assert repr(Withheld(terms="offline")) == "Withheld(terms='offline')"


def test_what_nobody_told_is_none() -> None:
    row = Computed(checksum=CHECKSUM, etag="etag")
    assert (row.version_id, row.begun) == (None, None)
    assert Expected(checksums=frozenset()).size is None
    known = Evidence()
    told = {field.name: getattr(known, field.name) for field in fields(Evidence)}
    assert told == dict.fromkeys(told) | {
        "shared": False,
        "source_computed": (),
        "destination_computed": (),
    }
    read = BytesRead(size=0, checksums=frozenset())
    assert read.by_source_parts == read.by_destination_parts == frozenset()


CHECKSUM = Checksum(algorithm=Algorithm.MD5, type=None, digest=bytes(16))
VALUES: list[tuple[type, tuple[object, ...]]] = [
    (Absent, ("404",)),
    (Unreadable, ("403",)),
    (Withheld, ("offline",)),
    (BytesRead, (0, frozenset())),
    (Computed, (Checksum, "etag")),
    (Expected, (frozenset(),)),
    (Evidence, (None,)),
    (Finding, (Verdict.VERIFIED, Reason.EQUAL)),
    (Policy, (False, False)),
    (Window, (BEGIN, END)),
    (Checksum, (Algorithm.MD5, None, b"")),
]


@pytest.mark.parametrize(("kind", "members"), VALUES)
def test_evidence_is_a_value_whose_members_are_named(
    kind: type, members: tuple[object, ...]
) -> None:
    with pytest.raises(TypeError):
        kind(*members)
    named = [field.name for field in fields(kind) if field.init]
    value = kind(**dict(zip(named, members, strict=False)))
    with pytest.raises(FrozenInstanceError):
        setattr(value, named[0], None)
    assert hash(value) == hash(replace(value))
