"""No download hands out bytes that are not proven, whatever the wire or the store does to them."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intact.adapters import DownloadStream, Proof, delivery, download, download_bytes
from intact.checksum import Algorithm, Checksum, ChecksumType, composite, new
from intact.errors import (
    AccessError,
    CorruptError,
    FormatError,
    StoreError,
    UnprovenError,
    UsageError,
)
from intact.s3 import ObjectRef
from tests.fake_object import ETAG, FakeObject
from tests.proxy import flip
from tests.strategies import algorithms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from types_boto3_s3 import S3Client

PIECE = 5
BODY = bytes(range(33))
patient = settings(deadline=None)  # threads are started when the machine has time
COMPOSITE = {Algorithm.SHA256: ChecksumType.COMPOSITE}


@pytest.fixture(autouse=True, scope="module")
def _small_pieces() -> Iterator[None]:
    """Pieces of which a short body has many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "PIECE", PIECE)
        yield


def client(*calls: Callable[..., dict[str, Any]]) -> S3Client:
    """Return a client that has these calls only."""
    return cast("S3Client", SimpleNamespace(**{call.__name__: call for call in calls}))


@st.composite
def objects(draw: st.DrawFn) -> FakeObject:
    """Objects of every algorithm and type, with and without part digests."""
    sizes = draw(st.lists(st.integers(0, 12), min_size=1, max_size=5))
    body = draw(st.binary(min_size=sum(sizes), max_size=sum(sizes)))
    algorithm = draw(algorithms)
    kinds = [ChecksumType.FULL_OBJECT]
    if algorithm is not Algorithm.CRC64NVME:
        kinds.append(ChecksumType.COMPOSITE)
    return FakeObject(
        body=body,
        stored={algorithm: draw(st.sampled_from(kinds))},
        part_sizes=tuple(sizes),
        tells_digests=draw(st.booleans()),
    )


@patient
@given(stored=objects())
def test_what_arrives_as_it_was_stored_is_proven(stored: FakeObject) -> None:
    (kind,) = stored.stored.values()
    stream = DownloadStream("s3://b/k", client=stored.client, workers=2)
    assert b"".join(stream) == stored.body
    assert stream.result.proof.value == (kind.value.lower() if kind else None)
    assert download_bytes("s3://b/k", client=stored.client, workers=2) == stored.body


WHOLE_DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "flip": flip,
    "flip the first": lambda body: flip(body, 0),
    "truncate": lambda body: body[:-1],
    "nothing": lambda _: b"",
    "other bytes": lambda body: body[::-1],
}


@patient
@given(
    stored=objects(),
    plan=st.lists(st.none() | st.sampled_from(sorted(WHOLE_DAMAGE)), max_size=40),
    forever=st.booleans(),
)
def test_whatever_the_wire_does_the_bytes_are_right_or_there_are_none(
    stored: FakeObject, *, plan: list[str | None], forever: bool
) -> None:
    steps = iter(plan * (1000 if forever else 1))

    def fault(_: range, body: bytes) -> bytes:
        damage = next(steps, None)
        return body if damage is None else WHOLE_DAMAGE[damage](body)

    stored.fault = fault
    with contextlib.suppress(StoreError):
        assert download_bytes("s3://b/k", client=stored.client, workers=1) == stored.body
    with contextlib.suppress(StoreError):
        assert b"".join(DownloadStream("s3://b/k", client=stored.client, workers=1)) == stored.body


@patient
@given(stored=objects(), seed=st.integers(0, 255))
def test_a_store_that_holds_other_bytes_than_it_promised_is_named(
    stored: FakeObject, seed: int
) -> None:
    stored.promised = stored.body
    if not stored.body:
        return
    stored.body = flip(stored.body, seed % len(stored.body))
    with pytest.raises(CorruptError, match=r"s3://b/k .*wanted"):
        download_bytes("s3://b/k", client=stored.client, workers=2)
    with pytest.raises(CorruptError, match=r"s3://b/k .*wanted"):
        list(DownloadStream("s3://b/k", client=stored.client, workers=2))


@patient
@given(stored=objects())
def test_every_piece_that_the_wire_flips_once_is_read_again(stored: FakeObject) -> None:
    seen = Counter[range]()

    def fault(piece: range, body: bytes) -> bytes:
        seen[piece] += 1
        return flip(body) if seen[piece] == 1 else body

    stored.fault = fault
    assert download_bytes("s3://b/k", client=stored.client, workers=2) == stored.body


def test_only_the_parts_that_are_wrong_are_read_again(tmp_path: Path) -> None:
    seen = Counter[range]()

    def fault(piece: range, body: bytes) -> bytes:
        seen[piece] += 1
        return flip(body) if piece.start == 15 and seen[piece] == 1 else body

    stored = FakeObject(body=BODY, stored=COMPOSITE, part_sizes=(11, 11, 11), fault=fault)
    done = download("s3://b/k", tmp_path / "file", client=stored.client)
    assert (tmp_path / "file").read_bytes() == BODY
    assert done.reread == 1
    pieces = {piece.start: count for piece, count in seen.items()}
    assert pieces == {0: 1, 5: 1, 10: 2, 15: 3, 20: 2, 25: 1, 30: 1}


def test_a_wrong_part_is_named_with_what_it_is_and_should_be() -> None:
    stored = FakeObject(
        body=flip(BODY, 12), promised=BODY, stored=COMPOSITE, part_sizes=(11, 11, 11)
    )
    with pytest.raises(CorruptError, match=r"s3://b/k \(ETag 0123.*\), part 2: its SHA256 is") as e:
        download_bytes("s3://b/k", client=stored.client)
    digest = new("SHA256", BODY[11:22]).digest()
    assert str(e.value).endswith(
        f"wanted {Checksum(algorithm=Algorithm.SHA256, type=None, digest=digest)}"
    )


def test_swapped_ranges_are_put_right_or_refused(tmp_path: Path) -> None:
    swap = {0: 5, 5: 0}

    def always(piece: range, body: bytes) -> bytes:
        start = swap.get(piece.start)
        return body if start is None else BODY[start : start + len(piece)]

    with pytest.raises(CorruptError):
        download("s3://b/k", tmp_path / "file", client=FakeObject(body=BODY, fault=always).client)
    assert list(tmp_path.iterdir()) == []

    def once(piece: range, body: bytes) -> bytes:
        start = swap.pop(piece.start, None)
        return body if start is None else BODY[start : start + len(piece)]

    done = download("s3://b/k", tmp_path / "f", client=FakeObject(body=BODY, fault=once).client)
    assert (tmp_path / "f").read_bytes() == BODY
    assert done.reread == 2


def test_a_wire_that_never_says_the_same_twice_is_no_reason_to_believe_it() -> None:
    flips = iter(range(1000))

    def fault(_: range, body: bytes) -> bytes:
        step = next(flips)
        return bytes([body[0] ^ (1 + step % 255)]) + body[1:]

    with pytest.raises(CorruptError, match="4 reads gave 4 different contents"):
        download_bytes("s3://b/k", client=FakeObject(body=BODY, fault=fault).client)


def test_the_last_piece_of_a_stream_is_kept_back_until_all_is_proven() -> None:
    stored = FakeObject(body=flip(BODY, 0), promised=BODY)
    stream, seen = DownloadStream("s3://b/k", client=stored.client), list[bytes]()
    with pytest.raises(CorruptError):
        seen.extend(stream)
    assert sum(map(len, seen)) == 30
    with pytest.raises(UsageError, match="not been read to its end"):
        _ = stream.result


def test_nothing_stands_at_the_path_and_what_stood_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    rotten = FakeObject(body=flip(BODY), promised=BODY)
    with pytest.raises(CorruptError):
        download("s3://b/k", path, client=rotten.client)
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [b"old"]


@pytest.mark.parametrize(
    "stored",
    [
        FakeObject(body=BODY, stored={}),
        FakeObject(body=BODY, stored=COMPOSITE, part_sizes=(20, 13), tells_parts=False),
    ],
    ids=["none stored", "parts of unknown sizes"],
)
def test_what_cannot_be_proven_is_refused_before_a_byte_is_read(
    stored: FakeObject, tmp_path: Path
) -> None:
    with pytest.raises(UnprovenError, match="cannot be proven: S3 stores"):
        download("s3://b/k", tmp_path / "file", client=stored.client)
    assert list(tmp_path.iterdir()) == []
    assert [call for call, _ in stored.asked if call == "get"] == []


def test_what_cannot_be_proven_says_so_where_it_is_allowed(tmp_path: Path) -> None:
    stored = FakeObject(body=BODY, stored={})
    done = download("s3://b/k", tmp_path / "file", client=stored.client, allow_unproven=True)
    assert (done.proof, done.proof.proven, done.checksums) == (Proof.NOTHING, False, ())
    assert (tmp_path / "file").read_bytes() == BODY


def md5_etag(body: bytes, sizes: tuple[int, ...]) -> str:
    parts, digests = iter(sizes), []
    while (size := next(parts, None)) is not None:
        digests.append(hashlib.md5(body[:size]).digest())  # noqa: S324 - what S3 does
        body = body[size:]
    value = composite(digests, algorithm=Algorithm.MD5)
    return f"{value.digest.hex()}-{len(sizes)}"


@pytest.mark.parametrize(
    ("etag", "sizes"),
    [(hashlib.md5(BODY).hexdigest(), (33,)), (md5_etag(BODY, (20, 13)), (20, 13))],  # noqa: S324 - as above
    ids=["of one part", "of two"],
)
def test_an_etag_of_md5_is_evidence_and_no_proof(etag: str, sizes: tuple[int, ...]) -> None:
    more = {"ServerSideEncryption": "AES256"}
    stored = FakeObject(body=BODY, stored={}, etag=etag, part_sizes=sizes, more=more)
    with pytest.raises(UnprovenError):
        download_bytes("s3://b/k", client=stored.client)
    stream = DownloadStream("s3://b/k", client=stored.client, allow_unproven=True)
    assert b"".join(stream) == BODY
    assert (stream.result.proof, stream.result.proof.proven) == (Proof.ETAG, False)
    stored.body = flip(BODY)
    with pytest.raises(CorruptError, match="MD5"):
        download_bytes("s3://b/k", client=stored.client, allow_unproven=True)
    stored.more = {"ServerSideEncryption": "aws:kms"}  # now the ETag means nothing
    assert download_bytes("s3://b/k", client=stored.client, allow_unproven=True) == flip(BODY)


def test_a_value_that_does_not_say_what_it_covers_proves_and_does_not_accuse() -> None:
    stored = FakeObject(body=BODY, stored={Algorithm.SHA1: None})
    assert download_bytes("s3://b/k", client=stored.client) == BODY
    stored.promised = flip(BODY)
    with pytest.raises(UnprovenError):
        download_bytes("s3://b/k", client=stored.client)


def test_a_checksum_known_from_elsewhere_proves_and_refutes() -> None:
    known = Checksum(
        algorithm=Algorithm.SHA512,
        type=ChecksumType.FULL_OBJECT,
        digest=hashlib.sha512(BODY).digest(),
    )
    bare = FakeObject(body=BODY, stored={})
    stream = DownloadStream("s3://b/k", client=bare.client, expected=known)
    assert b"".join(stream) == BODY
    assert stream.result.proof is Proof.EXPECTED
    assert stream.result.checksums == (known,)
    other = FakeObject(body=flip(BODY))  # its own checksum agrees with it
    with pytest.raises(CorruptError, match="SHA512"):
        download_bytes("s3://b/k", client=other.client, expected=known)
    with pytest.raises(UsageError, match="FULL_OBJECT"):
        download_bytes(
            "s3://b/k",
            client=bare.client,
            expected=Checksum(algorithm=Algorithm.SHA1, type=None, digest=bytes(20)),
        )


def test_several_checksums_must_all_agree() -> None:
    full = ChecksumType.FULL_OBJECT
    stored = FakeObject(body=BODY, stored={Algorithm.CRC32: full, Algorithm.SHA256: full})
    stream = DownloadStream("s3://b/k", client=stored.client)
    assert b"".join(stream) == BODY
    assert {value.algorithm for value in stream.result.checksums} == set(stored.stored)


def test_all_requests_are_bound_to_one_etag_and_the_version_that_was_named() -> None:
    more = {"VersionId": "v"}
    stored = FakeObject(body=BODY, stored=COMPOSITE, part_sizes=(20, 13), more=more)
    ref = ObjectRef(bucket="b", key="k", version_id="v")
    extra = {"RequestPayer": "requester"}
    assert download_bytes(ref, client=stored.client, extra_args=extra) == BODY
    (_, first), *rest = stored.asked
    assert all(request["RequestPayer"] == "requester" for _, request in stored.asked)
    assert all(request["VersionId"] == "v" for _, request in stored.asked)
    assert "IfMatch" not in first
    assert {request["IfMatch"] for _, request in rest} == {f'"{ETAG}"'}


def test_an_object_that_is_replaced_meanwhile_is_not_mixed_up() -> None:
    stored = FakeObject(body=BODY)

    def fault(_: range, body: bytes) -> bytes:
        stored.etag = "f" * 32
        return body

    stored.fault = fault
    with pytest.raises(StoreError, match="PreconditionFailed"):
        download_bytes("s3://b/k", client=stored.client, workers=1)


@pytest.mark.parametrize(
    "members",
    [{"ContentRange": None}, {"ContentRange": "bytes 5-9/33"}, {"ContentLength": 33}],
)
def test_an_answer_to_another_question_is_not_read(members: dict[str, Any]) -> None:
    stored = FakeObject(body=BODY)

    def get_object(**request: Any) -> dict[str, Any]:  # noqa: ANN401 - a request's members
        return stored.get_object(**request) | members

    with pytest.raises(StoreError, match="wanted 'bytes 0-4/33'"):
        download_bytes("s3://b/k", client=client(stored.head_object, get_object), workers=1)


def test_a_body_without_a_length_of_its_own_is_measured() -> None:
    stored = FakeObject(body=BODY)

    def get_object(**request: Any) -> dict[str, Any]:  # noqa: ANN401 - a request's members
        return stored.get_object(**request) | {"Body": io.BytesIO(b"1234")}

    with pytest.raises(StoreError, match="got 4 bytes; wanted 5"):
        download_bytes("s3://b/k", client=client(stored.head_object, get_object), workers=1)


def test_parts_that_do_not_add_up_are_no_layout() -> None:
    stored = FakeObject(body=BODY, stored=COMPOSITE, part_sizes=(20, 13))
    honest = stored.head_object

    def head_object(**request: Any) -> dict[str, Any]:  # noqa: ANN401 - a request's members
        answer = honest(**request)
        return answer | ({"ContentLength": 7} if "PartNumber" in request else {})

    with pytest.raises(FormatError, match="its 2 parts have 14 bytes; wanted 33"):
        download_bytes("s3://b/k", client=client(head_object))


def test_parts_of_another_count_are_no_layout() -> None:
    stored = FakeObject(body=BODY, stored=COMPOSITE, part_sizes=(20, 13))
    honest = stored.head_object

    def head_object(**request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        answer = honest(**request)
        return answer | ({"PartsCount": 3} if "PartNumber" in request else {})

    with pytest.raises(FormatError, match="3 parts; its checksum says 2"):
        download_bytes("s3://b/k", client=client(head_object))


def test_an_empty_object_is_proven_without_a_request_for_its_bytes(tmp_path: Path) -> None:
    stored = FakeObject(body=b"")
    assert download("s3://b/k", tmp_path / "file", client=stored.client).proof.proven
    assert (tmp_path / "file").read_bytes() == b""
    assert list(DownloadStream("s3://b/k", client=stored.client)) == [b""]
    assert {call for call, _ in stored.asked} == {"head"}


def test_progress_tells_every_byte_once() -> None:
    steps: list[int] = []
    download_bytes("s3://b/k", client=FakeObject(body=BODY).client, progress=steps.append)
    assert steps == [5, 5, 5, 5, 5, 5, 3]


def test_what_cannot_be_asked_for_is_refused(tmp_path: Path) -> None:
    client = FakeObject(body=BODY).client
    with pytest.raises(UsageError, match="names no object"):
        download_bytes("s3://b", client=client)
    with pytest.raises(UsageError, match="workers is 0"):
        download_bytes("s3://b/k", client=client, workers=0)
    with pytest.raises(UsageError, match="extra_args has Range"):
        download_bytes("s3://b/k", client=client, extra_args={"Range": "bytes=0-1"})
    with pytest.raises(UsageError, match="is a folder"):
        download("s3://b/k", tmp_path, client=client)
    with pytest.raises(TypeError, match="'expect'"):
        download_bytes("s3://b/k", client=client, expect=None)  # type: ignore[call-arg]


def test_useless_credentials_speak_of_all_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AccessError):
        download_bytes("s3://b/k")
