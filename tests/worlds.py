"""Generated worlds: copies whose truth is known, and what S3 would truthfully say of them."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from intact.adapters.runner import Runner
from intact.audit import (
    Absent,
    Computed,
    Copy,
    Evidence,
    Expected,
    Level,
    Policy,
    ReadMode,
    Reason,
    Record,
    Slot,
    Unreadable,
    Window,
    Withheld,
)
from intact.audit.bind import Pair, bind
from intact.audit.evidence import DELETE_MARKER
from intact.batch import TaskResult, TaskStatus
from intact.checksum import Algorithm, Checksum, ChecksumType, composite, new
from intact.errors import StoreError
from intact.s3 import ObjectFacts, ObjectRef, PartList
from intact.s3.objects import SSE_S3
from tests.fake_s3 import FakeStore, Parts

BEGIN = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
END = BEGIN + timedelta(hours=1)
SOURCE = ObjectRef(bucket="source", key="a key")
DESTINATION = ObjectRef(bucket="copies", key="a key")
COPY = Copy(row=1, source=SOURCE, destination=DESTINATION)

few_bytes = st.sampled_from([b"", b"a", b"b", b"ab", b"ba"])
moments = st.sampled_from(
    [
        BEGIN - timedelta(days=1),
        BEGIN,
        BEGIN + timedelta(minutes=10),
        BEGIN + timedelta(minutes=20),
        END + timedelta(days=1),
    ]
)
algorithms = st.sampled_from(
    [Algorithm.CRC32, Algorithm.CRC64NVME, Algorithm.MD5, Algorithm.SHA256]
)
parted = st.sampled_from([Algorithm.CRC32, Algorithm.MD5, Algorithm.SHA256])


def full(body: bytes, algorithm: Algorithm) -> Checksum:
    return Checksum(
        algorithm=algorithm, type=ChecksumType.FULL_OBJECT, digest=new(algorithm, body).digest()
    )


def facts(body: bytes, *checksums: Checksum, written: datetime = BEGIN) -> ObjectFacts:
    return ObjectFacts(
        size=len(body), etag="etag", last_modified=written, checksums=frozenset(checksums)
    )


def cut(body: bytes, algorithm: Algorithm, *sizes: int) -> PartList:
    """Parts of those sizes, truthfully digested."""
    ends = [sum(sizes[: number + 1]) for number in range(len(sizes))]
    digests = [
        new(algorithm, body[end - size : end]).digest()
        for end, size in zip(ends, sizes, strict=True)
    ]
    return PartList(sizes=sizes, algorithm=algorithm, digests=tuple(digests))


def composed(parts: PartList) -> Checksum:
    assert parts.algorithm is not None
    return composite(parts.digests, algorithm=parts.algorithm)


def md5_etag(body: bytes, sizes: tuple[int, ...] = ()) -> str:
    """The ETag of an object whose encryption is SSE-S3."""
    if sizes:
        return f"{composed(cut(body, Algorithm.MD5, *sizes)).digest.hex()}-{len(sizes)}"
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def task(status: TaskStatus) -> TaskResult:
    failed = status is TaskStatus.FAILED
    return TaskResult(
        bucket=SOURCE.bucket,
        raw_key="a%20key",
        version_id=None,
        status=status,
        http_status=404 if failed else 200,
        error_code="NoSuchKey" if failed else "",
        message="Not found" if failed else "Successful",
    )


@dataclass(frozen=True)
class Version:
    """One version of an object: its bytes, and what S3 may truthfully say of them."""

    body: bytes
    facts: ObjectFacts
    parts: Parts = field(default_factory=lambda: Absent(detail="no parts"))


@st.composite
def versions(
    draw: st.DrawFn, *, name: str, body: bytes | None = None, versioned: bool = False
) -> Version:
    """What S3 may truthfully say of an object with these bytes, written at any moment."""
    body = draw(few_bytes) if body is None else body
    sizes = draw(st.sampled_from([(), (len(body),), (1, len(body) - 1)])) if len(body) > 1 else ()
    checksums = {full(body, algorithm) for algorithm in draw(st.sets(algorithms, max_size=2))}
    parts: Parts = Absent(detail="no parts")
    if sizes:
        listed = cut(body, draw(parted), *sizes)
        parts = draw(st.sampled_from([listed, parts, StoreError("503")]))
        if draw(st.booleans()):
            checksums.add(composed(listed))
        else:
            parts = replace(listed, algorithm=None, digests=())
    encryption = draw(st.sampled_from([SSE_S3, "aws:kms", None]))
    opaque = hashlib.md5(f"{name} {body!r}".encode(), usedforsecurity=False).hexdigest()
    true = md5_etag(body, sizes)
    etag = true if encryption == SSE_S3 or (not encryption and draw(st.booleans())) else opaque
    return Version(
        body,
        ObjectFacts(
            size=len(body),
            etag=etag,
            last_modified=draw(moments),
            version_id=name if versioned else None,
            checksums=frozenset(checksums),
            encryption=encryption,
            archived=draw(st.sampled_from([False, False, False, True])),
        ),
        parts,
    )


@st.composite
def histories(draw: st.DrawFn, *, name: str) -> list[Version]:
    """Versions of one key, newest first; a key of a bucket without versions has only one."""
    count = draw(st.integers(0, 3))
    if count == 0:
        return [draw(versions(name=name))]
    found = [draw(versions(name=f"{name}{number}", versioned=True)) for number in range(count)]
    return sorted(found, key=lambda version: version.facts.last_modified, reverse=True)


@st.composite
def computed_rows(
    draw: st.DrawFn, version: Version, *, named: bool = False, last: bool = False
) -> tuple[Computed, ...]:
    """Rows of Compute checksum jobs, over this version or over what else the key has ever held.

    Args:
        version: The version.
        named: Whether the jobs' manifest names it.
        last: Whether the key holds it from the copy job's end on.
    """
    rows = []
    for algorithm in draw(st.sets(algorithms, max_size=2)):
        begun = draw(st.sampled_from([None, BEGIN, END]))
        of_this = named or (last and begun == END) or draw(st.booleans())
        body = version.body if of_this else draw(few_bytes)
        rows.append(
            Computed(
                checksum=full(body, algorithm),
                etag=version.facts.etag if of_this else md5_etag(body),
                version_id=version.facts.version_id if of_this and draw(st.booleans()) else None,
                begun=begun,
            )
        )
    return tuple(rows)


policies = st.builds(
    Policy,
    reported=st.booleans(),
    versioned=st.booleans(),
    algorithm=st.none() | algorithms,
    window=st.none() | st.just(Window(begin=BEGIN, end=END)),
    read=st.sampled_from(ReadMode),
    require=st.sampled_from([Level.RECORDED, Level.INDEPENDENT, Level.COMPUTED, Level.READ]),
)


@dataclass(frozen=True)
class World:
    """One copy: the versions of its two keys, what is known beforehand, the audit's terms.

    Attributes:
        recorded: The bytes that ``evidence.expected`` speaks of.
        newest: Those of the source's newest version, whether S3 still tells of it or not.
        hidden: Whether a delete marker hides the source.
    """

    source: list[Version] | Absent | StoreError
    destination: list[Version] | Absent | StoreError
    evidence: Evidence
    policy: Policy
    recorded: bytes = b""
    newest: bytes = b""
    hidden: bool = False

    def stores(self) -> tuple[FakeStore, FakeStore]:
        source = _store(SOURCE, self.source, hidden=self.hidden)
        return source, _store(DESTINATION, self.destination)

    def audit(self) -> Record:
        return Runner(*self.stores(), self.policy).audit(COPY, self.evidence)

    def judged(self, evidence: Evidence) -> tuple[bytes, bytes]:
        """Bytes of the two versions that a copy with this evidence is judged by.

        Of a source that is gone, those that Compute checksum jobs saw, or else that were recorded.
        """
        pair = bind(evidence, self.policy)
        assert isinstance(pair, Pair)
        if pair.lacking in GONE:
            source = self.newest if pair.source.computed else self.recorded
        else:
            source = _body(self.source, pair.source.facts)
        return source, _body(self.destination, pair.destination.facts)


def _replaced(source: list[Version], destination: list[Version]) -> bool:
    """Whether nothing is left of what any copy has read."""
    newest = source[0].facts
    return newest.version_id is None and all(
        copy.facts.last_modified < newest.last_modified for copy in destination
    )


GONE = {
    Reason.SOURCE_ABSENT,
    Reason.SOURCE_HIDDEN,
    Reason.SOURCE_REPLACED,
    Reason.SOURCE_UNBOUND,
}


def _body(found: list[Version] | Absent | StoreError, facts: ObjectFacts | None) -> bytes:
    assert isinstance(found, list)
    return next(v.body for v in found if facts in {None, v.facts})


def _store(
    ref: ObjectRef, found: list[Version] | Absent | StoreError, *, hidden: bool = False
) -> FakeStore:
    if not isinstance(found, list):
        return FakeStore({ref.key: found})
    newest, history = found[0], [(v.facts, v.body, v.parts) for v in found]
    return FakeStore(
        {ref.key: Absent(detail=DELETE_MARKER) if hidden else newest.facts},
        {ref.key: newest.body},
        parts={ref.key: newest.parts},
        history={ref.key: history} if newest.facts.version_id else {},
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Worlds in which S3 tells the truth, or nothing."""
    silence: st.SearchStrategy[Absent | StoreError]
    silence = st.sampled_from([Absent(detail="404"), StoreError("403")])
    words: st.SearchStrategy[TaskResult | Absent | Unreadable]
    words = st.sampled_from(
        [*map(task, TaskStatus), Absent(), Unreadable(problem="the row is malformed")]
    )
    policy = draw(policies)
    source = draw(histories(name="s"))
    destination = draw(histories(name="d"))
    offline = draw(st.integers(0, 4)) == 0
    asked: dict[str, Any] = {}
    if offline:
        asked = {slot.value: Withheld(terms="offline") for slot in Slot if slot is not Slot.TASK}
    copied = draw(st.sampled_from(source)).body
    if not offline and _replaced(source, destination):
        copied = draw(few_bytes)
    told = draw(st.sets(algorithms, min_size=1, max_size=2))
    expected = Expected(
        checksums=frozenset(full(copied, algorithm) for algorithm in told),
        size=draw(st.sampled_from([None, len(copied)])),
    )
    evidence = Evidence(
        task=draw(words) if policy.reported else None,
        shared=draw(st.integers(0, 9)) == 0,
        expected=draw(st.sampled_from([None, None, expected])),
        source_computed=draw(computed_rows(source[0], named=offline and policy.versioned)),
        destination_computed=draw(computed_rows(destination[0], last=offline)),
        **asked,
    )
    return World(
        source=draw(st.one_of(st.just(source), silence)) if not offline else source,
        destination=draw(st.one_of(st.just(destination), silence)) if not offline else destination,
        evidence=evidence,
        policy=policy,
        recorded=copied,
        newest=source[0].body,
        hidden=source[0].facts.version_id is not None and draw(st.integers(0, 4)) == 0,
    )
