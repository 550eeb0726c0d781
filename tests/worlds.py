"""Generated worlds: copies whose truth is known, and what S3 would truthfully say of them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from intact.adapters.runner import Runner
from intact.audit import (
    Absent,
    Copy,
    Evidence,
    Level,
    Policy,
    ReadMode,
    Record,
    Unreadable,
    Window,
)
from intact.batch import TaskResult, TaskStatus
from intact.checksum import Algorithm, Checksum, ChecksumType, composite, new
from intact.errors import StoreError
from intact.s3 import ObjectFacts, ObjectRef
from tests.fake_s3 import FakeStore

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
algorithms = st.sampled_from([Algorithm.CRC32, Algorithm.CRC64NVME, Algorithm.SHA256])


def full(body: bytes, algorithm: Algorithm) -> Checksum:
    return Checksum(
        algorithm=algorithm, type=ChecksumType.FULL_OBJECT, digest=new(algorithm, body).digest()
    )


def facts(body: bytes, *checksums: Checksum, written: datetime = BEGIN) -> ObjectFacts:
    return ObjectFacts(
        size=len(body), etag="etag", last_modified=written, checksums=frozenset(checksums)
    )


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


@st.composite
def stored(draw: st.DrawFn, body: bytes) -> ObjectFacts:
    """What S3 may truthfully say of an object with these bytes."""
    chosen = draw(st.sets(algorithms, max_size=2))
    checksums = {full(body, algorithm) for algorithm in chosen}
    if draw(st.booleans()):
        parts = [new(Algorithm.CRC32, body[:1]).digest(), new(Algorithm.CRC32, body[1:]).digest()]
        checksums.add(composite(parts, algorithm=Algorithm.CRC32))
    return facts(body, *checksums, written=draw(moments))


policies = st.builds(
    Policy,
    reported=st.booleans(),
    versioned=st.booleans(),
    algorithm=st.none() | algorithms,
    window=st.none() | st.just(Window(begin=BEGIN, end=END)),
    read=st.sampled_from(ReadMode),
    require=st.sampled_from([Level.RECORDED, Level.READ]),
)


@dataclass(frozen=True)
class World:
    """One copy: its bytes on both sides, what each look-up answers, and the audit's terms."""

    source_body: bytes
    destination_body: bytes
    source: ObjectFacts | Absent | StoreError
    destination: ObjectFacts | Absent | StoreError
    task: TaskResult | Absent | Unreadable
    policy: Policy

    def audit(self) -> Record:
        runner = Runner(
            FakeStore({SOURCE.key: self.source}, {SOURCE.key: self.source_body}),
            FakeStore(
                {DESTINATION.key: self.destination}, {DESTINATION.key: self.destination_body}
            ),
            self.policy,
        )
        return runner.audit(COPY, Evidence(task=self.task if self.policy.reported else None))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Worlds in which S3 tells the truth, or nothing."""
    source_body, destination_body = draw(few_bytes), draw(few_bytes)
    silence: st.SearchStrategy[Absent | StoreError]
    silence = st.sampled_from([Absent(detail="404"), StoreError("403")])
    words: st.SearchStrategy[TaskResult | Absent | Unreadable]
    words = st.sampled_from(
        [*map(task, TaskStatus), Absent(), Unreadable(problem="the row is malformed")]
    )
    return World(
        source_body=source_body,
        destination_body=destination_body,
        source=draw(st.one_of(stored(source_body), silence)),
        destination=draw(st.one_of(stored(destination_body), silence)),
        task=draw(words),
        policy=draw(policies),
    )
