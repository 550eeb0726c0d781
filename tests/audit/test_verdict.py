"""Words that ledgers hold."""

from enum import Enum

import pytest

from intact.audit import ReadMode, Reason, Slot, Verdict
from intact.audit.remedy import Remedy
from intact.s3.likeness import Likeness


@pytest.mark.parametrize("words", [Verdict, Reason, Slot, ReadMode, Remedy, Likeness])
def test_the_word_on_the_wire_is_the_name(words: type[Enum]) -> None:
    assert [member.value for member in words] == [member.name.lower() for member in words]


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_a_sentence_and_what_to_do(reason: Reason) -> None:
    assert reason.sentence.endswith(".")
    assert reason.remedy.endswith(".") or not reason.remedy
    assert reason.sentence[0].isupper()


def test_what_a_comparison_of_local_bytes_can_say() -> None:
    assert {likeness.value for likeness in Likeness} == {
        "equal",
        "different",
        "missing",
        "not_comparable",
        "unread",
    }
