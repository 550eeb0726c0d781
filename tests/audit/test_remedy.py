"""Every reason has a remedy, and it does no harm."""

from __future__ import annotations

from itertools import product

import pytest

from intact.audit import Level, Reason
from intact.audit.remedy import REMEDIES, Remedy, remedy, sides_to_compute

ACCEPTED = [level for level in Level if level.value >= Level.RECORDED.value]


def test_remedies_are_spelt_in_the_order_of_their_force() -> None:
    assert [found.value for found in Remedy] == ["copy", "compute", "read", "ask", "nothing"]


def test_every_reason_has_a_remedy() -> None:
    assert list(REMEDIES) == list(Reason)


def test_only_what_is_equal_needs_none() -> None:
    done = {reason for reason, found in REMEDIES.items() if found is Remedy.NOTHING}
    assert done == {reason for reason in Reason if not reason.remedy}


def test_a_copy_is_made_again_only_where_the_sentence_says_so() -> None:
    copied = {reason for reason, found in REMEDIES.items() if found is Remedy.COPY}
    assert all("opy the object again" in reason.remedy for reason in copied)
    # What others wrote since, and whether an expected checksum is right, are left to people.
    said = {reason for reason in Reason if "opy the object again" in reason.remedy}
    assert said - copied == {Reason.DESTINATION_NOT_OF_JOB, Reason.EXPECTED_DIFFERS}


def test_checksums_are_computed_where_they_make_the_sides_comparable() -> None:
    assert {reason for reason, found in REMEDIES.items() if found is Remedy.COMPUTE} == {
        Reason.NOTHING_COMPARABLE,
        Reason.BELOW_REQUIRED,
        Reason.COMPUTED_OF_OTHER,
        Reason.ARCHIVED,
    }


def test_another_audit_is_for_what_no_job_settles_and_people_need_not_see() -> None:
    assert {reason for reason, found in REMEDIES.items() if found is Remedy.READ} == {
        Reason.DESTINATION_UNLISTED,
        Reason.DIFFERENCE_UNBOUND,
        Reason.ETAG_DISAGREES,
        Reason.SOURCE_HIDDEN,
        Reason.SOURCE_UNBOUND,
        Reason.NOT_READ,
        Reason.CONTRADICTION,
    }


@pytest.mark.parametrize("reason", Reason)
def test_no_checksum_job_reaches_what_only_reading_does(reason: Reason) -> None:
    found = REMEDIES[reason]
    wanted = Remedy.READ if found is Remedy.COMPUTE else found
    assert remedy(reason, require=Level.READ) is wanted
    for require in ACCEPTED[:-1]:
        assert remedy(reason, require=require) is REMEDIES[reason]


@pytest.mark.parametrize(
    ("require", "source", "destination", "wanted"),
    [
        (Level.RECORDED, False, False, (True, True)),
        (Level.RECORDED, True, False, (False, True)),
        (Level.RECORDED, False, True, (True, False)),
        (Level.RECORDED, True, True, (True, True)),
        (Level.INDEPENDENT, True, True, (False, True)),
        (Level.INDEPENDENT, False, True, (True, True)),
        (Level.COMPUTED, True, True, (True, True)),
    ],
)
def test_only_what_lacks_evidence_is_computed(
    require: Level, wanted: tuple[bool, bool], *, source: bool, destination: bool
) -> None:
    found = sides_to_compute(source_stored=source, destination_stored=destination, require=require)
    assert found == wanted


def test_something_is_always_computed() -> None:
    for source, destination, require in product((False, True), (False, True), ACCEPTED):
        assert any(
            sides_to_compute(source_stored=source, destination_stored=destination, require=require)
        )
