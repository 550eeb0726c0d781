"""Every response that S3 itself gave, typed, and judged as one side of a copy."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from intact.audit import Absent, Evidence, Finding, Level, Policy, Reason, Verdict, decide
from intact.checksum import Algorithm, Checksum, ChecksumType, full_object, new
from intact.checksum.encoding import encode
from intact.s3 import ObjectFacts, PartList
from tests.worlds import BEGIN, END

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "aws_recorded_checksums.json").read_bytes()
)
PLAIN = Policy(reported=False, versioned=False)
FULL, COMPOSITE = ChecksumType.FULL_OBJECT, ChecksumType.COMPOSITE
OF_NOTHING = {(a.member, encode(new(a).digest())) for a in Algorithm}
NO_PARTS = Absent(detail="no parts")


def facts_of(entry: dict[str, Any]) -> ObjectFacts:
    """The response as one on an object; what it does not tell is made up, alike for all."""
    size = entry["size"]
    if entry["parts"]:
        size = sum(part["Size"] for part in entry["parts"])
    if size is None:
        size = 0 if entry["checksums"].items() & OF_NOTHING else 6
    told = {"ContentLength": size, "ETag": entry["etag"] or '"none"', "LastModified": BEGIN}
    return ObjectFacts.from_head(entry["checksums"] | told)


def checksum_of(facts: ObjectFacts) -> Checksum:
    [checksum] = facts.checksums
    return checksum


def judge(source: ObjectFacts, destination: ObjectFacts, **more: Any) -> Finding:  # noqa: ANN401 - fields of Evidence
    parts = {"source_parts": NO_PARTS, "destination_parts": NO_PARTS} | more
    copied = replace(destination, last_modified=END)
    finding = decide(Evidence(source=source, destination=copied, **parts), PLAIN)
    assert isinstance(finding, Finding)
    return finding


def flipped(facts: ObjectFacts) -> ObjectFacts:
    checksum = checksum_of(facts)
    digest = bytes([checksum.digest[0] ^ 1]) + checksum.digest[1:]
    return replace(facts, checksums=frozenset({replace(checksum, digest=digest)}))


def of_kind(kind: ChecksumType | None) -> list[ObjectFacts]:
    found = [facts for facts in map(facts_of, RECORDED) if checksum_of(facts).type is kind]
    assert len(found) > 20
    return found


def test_every_response_is_of_one_kind() -> None:
    kinds = Counter(checksum_of(facts_of(entry)).type for entry in RECORDED)
    assert kinds == {FULL: 498, COMPOSITE: 28, None: 36}
    assert kinds.total() == len(RECORDED) == 562


@pytest.mark.parametrize(
    ("kind", "verdict", "reason", "level"),
    [
        (FULL, Verdict.VERIFIED, Reason.EQUAL, Level.RECORDED),
        (COMPOSITE, Verdict.UNVERIFIABLE, Reason.NOTHING_COMPARABLE, Level.NONE),
        (None, Verdict.UNVERIFIABLE, Reason.NOTHING_COMPARABLE, Level.NONE),
    ],
)
def test_an_equal_value_proves_only_where_it_covers_the_whole_object(
    kind: ChecksumType | None, verdict: Verdict, reason: Reason, level: Level
) -> None:
    findings = [judge(facts, facts) for facts in of_kind(kind)]
    found = Counter((finding.verdict, finding.reason, finding.level) for finding in findings)
    assert found == {(verdict, reason, level): len(findings)}


@pytest.mark.parametrize("kind", [FULL, COMPOSITE, None])
def test_another_value_accuses_only_where_it_covers_the_whole_object(
    kind: ChecksumType | None,
) -> None:
    for facts in of_kind(kind):
        finding = judge(facts, flipped(facts))
        if kind is FULL and facts.size:
            assert finding.verdict is Verdict.MISMATCHED
        else:
            assert finding.verdict is Verdict.UNVERIFIABLE
            assert (finding.reason is Reason.CONTRADICTION) == (kind is FULL)  # of no bytes


def same_bytes() -> Iterator[tuple[ObjectFacts, ObjectFacts]]:
    """Pairs of objects whose plain ETags, MD5s of their bytes, are equal."""

    def etag(facts: ObjectFacts) -> str:
        return facts.etag

    plain = [facts_of(entry) for entry in RECORDED if entry["etag"] and "-" not in entry["etag"]]
    whole = sorted((replace(f, size=6) if f.size else f for f in plain), key=etag)
    for _, group in itertools.groupby(whole, key=etag):
        yield from itertools.combinations({*group}, 2)


def test_objects_of_the_same_bytes_are_never_said_to_differ() -> None:
    pairs = list(same_bytes())
    assert len(pairs) > 60
    for one, other in pairs:
        ours, theirs = checksum_of(one), checksum_of(other)
        proven = ours.comparable(theirs)
        wanted = Verdict.VERIFIED if proven else Verdict.UNVERIFIABLE
        assert judge(one, other).verdict is wanted, (one, other)


LISTED = [entry for entry in RECORDED if entry["parts"]]


@pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry["test"])
def test_listed_parts_make_a_composite_comparable(entry: dict[str, Any]) -> None:
    source, parts = facts_of(entry), PartList.from_parts(entry["parts"])
    algorithm = parts.algorithm
    assert algorithm is not None
    assert len(parts.sizes) == entry["total_parts"]
    both = {"source_parts": parts, "destination_parts": parts}
    assert judge(source, source, **both).verdict is Verdict.VERIFIED
    assert judge(source, flipped(source), **both).verdict is not Verdict.VERIFIED
    moved = replace(parts, sizes=(parts.sizes[0] + 1, *parts.sizes[1:]))
    contradicted = judge(source, source, source_parts=moved)
    assert contradicted.reason is Reason.CONTRADICTION
    if algorithm.combines:
        told = list(zip(parts.digests, parts.sizes, strict=True))
        whole = replace(source, checksums=frozenset({full_object(told, algorithm=algorithm)}))
        found = judge(source, whole, source_parts=parts)
        assert (found.verdict, found.level) == (Verdict.VERIFIED, Level.INDEPENDENT)
        found = judge(source, flipped(whole), source_parts=parts)
        assert found.verdict is Verdict.MISMATCHED


def test_every_algorithm_that_was_recorded_is_here() -> None:
    found = {checksum_of(facts_of(entry)).algorithm for entry in RECORDED}
    assert found == {
        Algorithm.CRC32,
        Algorithm.CRC32C,
        Algorithm.CRC64NVME,
        Algorithm.SHA1,
        Algorithm.SHA256,
    }
