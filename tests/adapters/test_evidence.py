"""What others say, joined: every word finds its rows, and what finds none is counted."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from intact.adapters.duckdb import TaskJoin
from intact.audit import Computed, Evidence, Expected, Finding, Policy, Verdict, decide
from intact.batch import MalformedRow, ManifestRow, TaskResult, TaskStatus
from intact.batch.expected import ExpectedRow
from intact.batch.listed import Listed
from intact.batch.manifest import ManifestFormat
from intact.checksum import Algorithm
from intact.s3 import ObjectRef, encode_key
from tests.worlds import BEGIN, facts, full

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from intact.adapters.evidence import Said
    from intact.audit import Counts

SHA, CRC = Algorithm.SHA256, Algorithm.CRC64NVME
CSV, INVENTORY = ManifestFormat.CSV, ManifestFormat.INVENTORY


def row(
    key: str,
    *,
    line: int = 1,
    version: str | None = None,
    bucket: str = "b",
    extra: tuple[str, ...] = (),
) -> ManifestRow:
    source = ObjectRef(bucket=bucket, key=key, version_id=version)
    return ManifestRow(line=line, source=source, raw_key=encode_key(key), extra=extra)


def computed(
    raw_key: str,
    body: bytes = b"abc",
    *,
    bucket: str = "b",
    version: str | None = None,
    status: TaskStatus = TaskStatus.SUCCEEDED,
) -> TaskResult:
    checksum = full(body, SHA)
    message = {
        "checksum_base64": str(checksum),
        "ETag": "etag",
        "checksumAlgorithm": "SHA256",
        "checksumType": "FULL_OBJECT",
        "checksum_hex": checksum.digest.hex(),
    }
    return TaskResult(
        bucket=bucket,
        raw_key=raw_key,
        version_id=version,
        status=status,
        http_status=200,
        error_code="",
        message=json.dumps(message),
    )


def expected(key: str, body: bytes = b"abc", *, line: int = 1, **where: str) -> ExpectedRow:
    return ExpectedRow(line=line, key=key, checksums=frozenset({full(body, SHA)}), **where)  # type: ignore[arg-type]


class Joining:
    """A join over some rows, its parts loaded one after the other."""

    def __init__(self, folder: Path, *rows: ManifestRow | MalformedRow, prefix: str = "p/") -> None:
        self.folder, self.prefix = folder, prefix
        self.join = TaskJoin(folder)
        self.join.load_manifest(rows)

    def computed(
        self, *results: TaskResult | MalformedRow, written: ManifestFormat | None = CSV
    ) -> Joining:
        self.join.others.load_computed(results, place="job", written=written, begun=BEGIN)
        return self

    def expected(self, *rows: ExpectedRow | MalformedRow) -> Joining:
        self.join.others.load_expected(rows, place="SHA256SUMS")
        return self

    def done(self) -> tuple[list[Said], Counts]:
        with self.join as join:
            join.join(destination="copies", prefix=self.prefix)
            self.left = self.leftovers(self.folder / "leftovers.csv")
            return [joined.said for joined in join.rows()], join.counts(reported=False)

    def leftovers(self, path: Path) -> list[list[str]]:
        self.join.write_leftovers(path)
        with path.open(newline="") as file:
            [_, *found] = csv.reader(file)
        return found


def says(body: bytes = b"abc", version: str | None = None) -> Computed:
    return Computed(checksum=full(body, SHA), etag="etag", version_id=version, begun=BEGIN)


def test_a_computed_row_speaks_of_the_source_or_of_the_copy(tmp_path: Path) -> None:
    joining = Joining(tmp_path, row("a key"), row("other", line=2))
    joining.computed(computed("a%20key"), computed("p/a%20key", b"abd", bucket="copies"))
    [first, second], counts = joining.done()
    assert first.source_computed == (says(),)
    assert first.destination_computed == (says(b"abd"),)
    assert (second.source_computed, second.destination_computed) == ((), ())
    assert (counts.computed_rows, counts.stray_computed_rows) == (2, 0)


def test_several_jobs_speak_and_equal_words_count_once(tmp_path: Path) -> None:
    joining = Joining(tmp_path, row("k"))
    joining.computed(computed("k"), computed("k", b"abd")).computed(computed("k"))
    [said], counts = joining.done()
    assert set(said.source_computed) == {says(), says(b"abd")}
    assert len(said.source_computed) == 2
    assert counts.computed_rows == 3


def test_versions_join_where_both_sides_name_them(tmp_path: Path) -> None:
    joining = Joining(
        tmp_path, row("k", version="v1"), row("k", line=2, version="v2"), row("l", line=3)
    )
    joining.computed(
        computed("k", version="v1"), computed("k", b"now"), computed("l", b"old", version="v9")
    )
    said, _ = joining.done()
    assert set(said[0].source_computed) == {says(version="v1"), says(b"now")}
    assert said[1].source_computed == (says(b"now"),)
    assert said[2].source_computed == (says(b"old", version="v9"),)


def test_what_a_key_holds_is_no_word_on_the_version_that_its_copy_replaced(tmp_path: Path) -> None:
    """One reading of the copy, equal to itself, would be taken for readings of both."""
    joining = Joining(tmp_path, row("k", version="v1", bucket="copies"), prefix="")
    [said], counts = joining.computed(computed("k", bucket="copies")).done()
    old = replace(facts(b"abc"), version_id="v1")
    evidence = Evidence(
        source_computed=said.source_computed,
        destination_computed=said.destination_computed,
        source=old,
        destination=replace(old, version_id="v2", last_modified=BEGIN + timedelta(seconds=1)),
    )
    verdict = decide(evidence, Policy(reported=False, versioned=True))
    assert isinstance(verdict, Finding)
    assert verdict.verdict is Verdict.UNVERIFIABLE
    assert (said.source_computed, said.destination_computed) == ((), (says(),))
    assert counts.stray_computed_rows == 0


def test_what_a_copy_has_is_no_word_on_its_source(tmp_path: Path) -> None:
    """The report of ``intact copy`` names sources, and says what S3 said of their copies."""
    copied = computed("k")
    told = json.loads(copied.message) | {"VersionId": None, "parts": 0, "equalTo": []}
    joining = Joining(tmp_path, row("k")).computed(replace(copied, message=json.dumps(told)))
    [said], counts = joining.done()
    evidence = Evidence(
        source_computed=said.source_computed,
        source=facts(b"abc"),
        destination=facts(b"abc", full(b"abc", SHA), written=BEGIN + timedelta(seconds=1)),
    )
    verdict = decide(evidence, Policy(reported=False, versioned=False))
    assert isinstance(verdict, Finding)
    assert verdict.verdict is Verdict.UNVERIFIABLE
    assert counts.malformed_computed_rows == 1


def test_what_names_a_version_that_its_copy_replaced_speaks_of_it(tmp_path: Path) -> None:
    joining = Joining(tmp_path, row("k", version="v1", bucket="copies"), prefix="")
    [said], _ = joining.computed(computed("k", bucket="copies", version="v1")).done()
    assert said.source_computed == (says(version="v1"),)


def test_a_plus_is_read_as_the_jobs_manifest_means_it(tmp_path: Path) -> None:
    joining = Joining(tmp_path, row("a b"), row("a+b", line=2))
    joining.computed(computed("a+b"), written=INVENTORY)
    [space, plus], _ = joining.done()
    assert (len(space.source_computed), len(plus.source_computed)) == (1, 0)


def test_a_plus_that_nobody_explains_speaks_of_both_readings(tmp_path: Path) -> None:
    joining = Joining(tmp_path, row("a b"), row("a+b", line=2))
    joining.computed(computed("a+b"), computed("c+d"), written=None)
    [space, plus], counts = joining.done()
    assert space.source_computed == plus.source_computed == (says(),)
    assert (counts.computed_rows, counts.stray_computed_rows) == (2, 1)


def test_computed_rows_that_say_nothing_are_counted_and_kept(tmp_path: Path) -> None:
    joining = Joining(tmp_path, row("k"))
    joining.computed(
        MalformedRow(line=1, text="?", problem="no columns"),
        replace(computed("k"), message="Successful"),
        computed("a+b"),
        computed("k", status=TaskStatus.FAILED),
        computed("stray"),
    )
    _, counts = joining.done()
    assert counts.malformed_computed_rows == 3
    assert (counts.failed_computed_rows, counts.computed_rows) == (1, 1)
    assert counts.stray_computed_rows == 1
    assert [(left[0], left[1], left[2]) for left in joining.left] == [
        ("unreadable Compute checksum row", "job", str(line)) for line in (1, 2, 3)
    ]


def test_keys_with_several_objects_are_shared(tmp_path: Path) -> None:
    rows: list[ManifestRow | MalformedRow] = [
        row("versions", version="v1"),
        row("versions", line=2, version="v2"),
        row("buckets", line=3, version="v"),
        row("buckets", line=4, version="v", bucket="c"),
        row("twice", line=5, version="v"),
        row("twice", line=6, version="v"),
        MalformedRow(line=7, text="", problem="?"),
        MalformedRow(line=8, text="", problem="?"),
    ]
    said, _ = Joining(tmp_path, *rows).done()
    assert [each.shared for each in said] == [True] * 4 + [False] * 4


def test_expected_digests_find_their_source(tmp_path: Path) -> None:
    joining = Joining(tmp_path, row("k"), row("l", line=2))
    joining.expected(expected("k"), replace(expected("k", line=2), size=3), expected("m", line=3))
    [first, second], counts = joining.done()
    assert first.expected == Expected(checksums=frozenset({full(b"abc", SHA)}), size=3)
    assert second.expected is None
    assert (counts.expected_rows, counts.stray_expected_rows) == (3, 1)
    assert joining.left == [["digest that fits no row", "SHA256SUMS", "3", "s3:///m", ""]]


def test_two_files_that_disagree_are_both_heard(tmp_path: Path) -> None:
    joining = Joining(tmp_path, row("k")).expected(expected("k"))
    [said], _ = joining.expected(expected("k", b"abd")).done()
    assert said.expected is not None
    assert said.expected.checksums == {full(b"abc", SHA), full(b"abd", SHA)}


def test_a_digest_that_fits_several_objects_is_of_no_use(tmp_path: Path) -> None:
    rows = [row("k", version="v1"), row("k", line=2, version="v2")]
    joining = Joining(tmp_path, *rows)
    joining.expected(expected("k"), expected("k", b"new", line=2, version_id="v2"))
    [first, second], counts = joining.done()
    assert first.expected is None
    assert second.expected == Expected(checksums=frozenset({full(b"new", SHA)}))
    assert counts.malformed_expected_rows == 1


def test_the_same_object_in_two_rows_is_one_object(tmp_path: Path) -> None:
    joining = Joining(tmp_path, row("k"), row("k", line=2)).expected(expected("k"))
    said, counts = joining.done()
    assert [each.expected is not None for each in said] == [True, True]
    assert counts.malformed_expected_rows == 0


def test_two_sizes_of_one_object_are_of_no_use(tmp_path: Path) -> None:
    joining = Joining(tmp_path, row("k"))
    joining.expected(
        replace(expected("k"), size=3),
        replace(expected("k", line=2), size=4),
        expected("k", line=3),
    )
    [said], counts = joining.done()
    assert said.expected is None
    assert counts.malformed_expected_rows == 3


def test_buckets_are_told_apart_where_they_are_named(tmp_path: Path) -> None:
    joining = Joining(tmp_path, row("k"), row("k", line=2, bucket="c"))
    [first, second], _ = joining.expected(expected("k", bucket="c")).done()
    assert (first.expected, second.expected is not None) == (None, True)


def test_digests_that_the_manifest_carries_are_expected(tmp_path: Path) -> None:
    sha = full(b"abc", SHA).digest.hex()
    rows: list[ManifestRow | MalformedRow] = [
        row("k", extra=("3", sha, "?")),
        row("none", line=2, extra=("", "", "?")),
        row("bad", line=3, extra=("3", "xyz", "?")),
        MalformedRow(line=4, text="", problem="?"),
    ]
    joining = Joining(tmp_path, *rows)
    joining.join.others.load_carried(["Size", "sha-256", "-"])
    said, counts = joining.done()
    assert said[0].expected == Expected(checksums=frozenset({full(b"abc", SHA)}), size=3)
    assert [each.expected for each in said[1:]] == [None] * 3
    assert (counts.expected_rows, counts.malformed_expected_rows) == (1, 1)


def test_what_no_row_accounts_for_is_extra(tmp_path: Path) -> None:
    joining = Joining(tmp_path, row("a,b\n"), row("k", line=2))
    keys = ["p/k", "p/a,b\n", "p/=1+1", "k"]
    joining.join.load_listing(
        Listed(source=ObjectRef(bucket="copies", key=key), size=5, etag="e") for key in keys
    )
    with joining.join as join:
        join.join(destination="copies", prefix="p/")
        counts = join.counts(reported=False)
        join.write_extras(tmp_path / "extras.csv", bucket="copies")
    assert counts.extras == 2
    assert (tmp_path / "extras.csv").read_text().splitlines() == [
        "bucket,key,size,etag",
        "copies,k,5,e",
        "copies,p/%3D1%2B1,5,e",
    ]


@given(
    st.lists(st.tuples(st.sampled_from("kl+ %"), st.sampled_from([None, "v", "w"])), max_size=5),
    st.lists(st.tuples(st.sampled_from("kl+ %"), st.sampled_from([None, "v", "w"])), max_size=5),
)
@settings(deadline=None, max_examples=25)
def test_the_join_is_what_its_definition_says(
    tmp_path_factory: pytest.TempPathFactory,
    objects: list[tuple[str, str | None]],
    spoken: list[tuple[str, str | None]],
) -> None:
    rows = [row(key, line=n, version=version) for n, (key, version) in enumerate(objects, 1)]
    joining = Joining(tmp_path_factory.mktemp("join"), *rows)
    joining.computed(*(computed(encode_key(k), version=v) for k, v in spoken))
    said, counts = joining.done()
    for (key, version), each in zip(objects, said, strict=True):
        fitting = {
            says(version=v)
            for k, v in spoken
            if k == key and (v == version or None in {v, version})
        }
        assert set(each.source_computed) == fitting
    assert counts.stray_computed_rows == sum(
        not any(k == key and (v == w or None in {v, w}) for key, w in objects) for k, v in spoken
    )
