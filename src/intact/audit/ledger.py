"""The ledger: every verdict beside the evidence that licenses it, so that nobody need trust us.

A ledger is a folder::

    header.json           what was audited, and on what terms
    findings/*.parquet    segments: some thousand records each, by ``intact.audit.schema``
    segments.jsonl        one line for each finished segment, in the order of the manifest's rows
    seal.json             written at the end; a ledger without it is unfinished

Each line of ``segments.jsonl`` carries a chain, SHA-256 over the previous line's chain, the
segment's SHA-256 and its row numbers; the first is chained to the SHA-256 of ``header.json``.  The
last chain is the root that the seal holds, so nothing can be changed, dropped, repeated or moved
without changing the root.  Who changes everything, the seal included, is found out by a signature,
or by a root that was noted elsewhere.

``decide(record.evidence, header.policy) == record.finding`` holds for every record.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar, get_type_hints

from intact.audit.policy import Policy, ReadMode, Window
from intact.audit.summary import Counts
from intact.audit.verdict import Level
from intact.checksum import Algorithm
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = "intact-ledger"
VERSION = 3
LEDGER = "ledger"
"""Folder of a ledger among what else an audit leaves."""
HEADER, SEGMENTS, FINDINGS, SEAL = "header.json", "segments.jsonl", "findings", "seal.json"
SLICE = "slice-"
"""What names of segments begin with whose rows stand in no order, and among those of others."""

Document = dict[str, Any]
_Found = TypeVar("_Found")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.parquet")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~%:\[\]/-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An S3 server that is not where AWS has it for everyone.

    Attributes:
        endpoint_url: Address of S3; None for AWS's own.
        control_endpoint_url: That of S3 Control; None for the one that goes with that of S3.
        ended: Whether it ended with the audit, as a demo's does, and the objects with it.
    """

    endpoint_url: str | None = None
    control_endpoint_url: str | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What stands at the head of a ledger.

    Attributes:
        policy: The terms that every verdict was reached under.
        subject: What was audited, in words: a job's ARN or a manifest's address.
        created: When the audit began.
        intact: Version of the program that wrote the ledger.
        inputs: What else was looked at, in words: reports of other jobs, files of digests.
        server: Where the objects were; None for AWS.
        bound: What else tells this audit from others of its subject, in words: see
            ``Subject.bound``.
    """

    policy: Policy
    subject: str
    created: datetime
    intact: str
    inputs: tuple[str, ...] = ()
    server: Server | None = None
    bound: tuple[str, ...] = ()

    def differences(self, other: Self) -> list[str]:
        """Sentences on why this is the header of another audit; when it began tells nothing."""
        ours, theirs = (
            {
                "subject": header.subject,
                "intact": header.intact,
                "inputs": header.inputs,
                "endpoint_url": header.server and header.server.endpoint_url,
                "bound": header.bound,
            }
            | _policy(header.policy)
            for header in (self, other)
        )
        return [
            f"{name} is {ours[name]}; wanted {theirs[name]}"
            for name in ours
            if ours[name] != theirs[name]
        ]

    def encode(self) -> bytes:
        """Write ``header.json``."""
        document = {"format": FORMAT, "version": VERSION, **asdict(self)}
        if self.server is None:
            del document["server"]
        if not self.bound:  # as in ledgers from before there was such a member
            del document["bound"]
        return _write(
            document | {"created": self.created.isoformat(), "policy": _policy(self.policy)}
        )

    @classmethod
    def decode(cls, text: bytes) -> Self:
        """Read ``header.json``.

        Raises:
            FormatError: It is not the header of a ledger of this version.
        """
        with _reading(text) as document:
            found = (document.pop("format"), document.pop("version"))
            if found != (FORMAT, VERSION):
                got = " ".join(map(str, found))
                raise FormatError(f"the ledger is {got}; wanted {FORMAT} {VERSION}")
            document["created"] = datetime.fromisoformat(document["created"])
            document["policy"] = _parse_policy(document["policy"])
            document["inputs"] = tuple(document["inputs"])
            if document.get("server") is not None:
                document["server"] = _parse_server(document["server"])
            document["bound"] = tuple(document.get("bound", ()))
            header = cls(**document)
            words = (header.subject, header.intact, *header.inputs, *header.bound)
            if not all(type(word) is str for word in words):
                raise FormatError(f"words are {words}; wanted text")
            return header


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One line of ``segments.jsonl``.

    Attributes:
        name: Its file.
        first: Row of the manifest that its first record speaks of.
        last: That of its last record.
        rows: Records in it.
        sha256: Of the file, in hex.
        chain: SHA-256 over everything up to here, in hex.
    """

    name: str
    first: int
    last: int
    rows: int
    sha256: str
    chain: str

    @classmethod
    def link(  # noqa: PLR0913 - one argument per field
        cls, previous: str, *, name: str, first: int, last: int, rows: int, sha256: str
    ) -> Self:
        """Add a segment to a chain.

        Args:
            previous: Chain of the segment before, or SHA-256 of the header.
            name: As the attributes say.
            first: The same.
            last: The same.
            rows: The same.
            sha256: The same.
        """
        text = f"{previous} {sha256} {first} {last} {rows}"
        chain = hashlib.sha256(text.encode()).hexdigest()
        return cls(name=name, first=first, last=last, rows=rows, sha256=sha256, chain=chain)

    def follows(self, previous: str) -> bool:
        """Whether this is what ``link`` makes of the chain before."""
        members = asdict(self)
        del members["chain"]
        return self == Segment.link(previous, **members)

    def encode(self) -> bytes:
        """Write a line, line end included."""
        return _write(asdict(self))

    @classmethod
    def decode(cls, line: bytes) -> Self:
        """Read a line.

        Raises:
            FormatError: It is none.
        """
        with _reading(line) as document:
            segment = cls(**document)
            numbers = (segment.first, segment.last, segment.rows)
            texts = (segment.name, segment.sha256, segment.chain)
            if not all(type(number) is int for number in numbers):
                raise FormatError(f"rows are {numbers}; wanted numbers")
            if not all(type(text) is str for text in texts) or not _NAME.fullmatch(segment.name):
                raise FormatError(f"names are {texts}; wanted a file and two digests")
            return segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """An Ed25519 signature of a seal.

    Attributes:
        public_key: The key's 32 bytes, in hex; it proves nothing unless the reader knows it.
        value: The signature's 64 bytes, in hex.
    """

    public_key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What ends a ledger.

    Attributes:
        header: SHA-256 of ``header.json``, in hex.
        root: Chain of the last segment; that of the header where there is none.
        segments: Number of segments.
        records: Number of records in them.
        counts: What the inputs held.
        signature: Over all of this; None for a ledger that nobody signed.
    """

    header: str
    root: str
    segments: int
    records: int
    counts: Counts
    signature: Signature | None = None

    def statement(self) -> bytes:
        """Return what a signature signs: the seal without it."""
        document = asdict(self)
        del document["signature"]
        return FORMAT.encode() + b" " + _write(document)

    def encode(self) -> bytes:
        """Write ``seal.json``."""
        return _write(asdict(self))

    @classmethod
    def decode(cls, text: bytes) -> Self:
        """Read ``seal.json``.

        Raises:
            FormatError: It is none.
        """
        with _reading(text) as document:
            document["counts"] = _typed(Counts(**document["counts"]))
            if document["signature"] is not None:
                document["signature"] = _typed(Signature(**document["signature"]))
            return _typed(cls(**document))


def sha256(text: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text).hexdigest()


def _write(document: Document) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode() + b"\n"


@contextmanager
def _reading(text: bytes) -> Iterator[Document]:
    try:
        yield json.loads(text)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"not of a ledger ({error!r}): {text[:200]!r}") from None


def _typed(found: _Found) -> _Found:
    """Require that each member of a dataclass is of its type, which JSON does not know."""
    for name, kind in get_type_hints(type(found)).items():
        if not isinstance(value := getattr(found, name), kind):
            wanted = type(found).__annotations__[name]
            raise FormatError(f"{name} is {value!r}; wanted {wanted}")
    return found


def _policy(policy: Policy) -> Document:
    window = policy.window
    return {
        "reported": policy.reported,
        "versioned": policy.versioned,
        "algorithm": policy.algorithm and policy.algorithm.value,
        "window": window
        and {
            "begin": window.begin.isoformat(),
            "end": window.end.isoformat(),
            "skew": window.skew.total_seconds(),
        },
        "read": policy.read.value,
        "require": policy.require.name.lower(),
    }


def _parse_server(document: Document) -> Server:
    """Read where the objects were; the addresses end up in commands that people copy."""
    server = Server(**document)
    for address in (server.endpoint_url, server.control_endpoint_url):
        if address is not None and not (type(address) is str and _ADDRESS.fullmatch(address)):
            raise FormatError(f"address is {address!r}; wanted http:// or https:// and a host")
    if type(server.ended) is not bool:
        raise FormatError(f"ended is {server.ended!r}; wanted true or false")
    return server


def _parse_policy(document: Document) -> Policy:
    window = document["window"]
    return Policy(
        reported=document["reported"],
        versioned=document["versioned"],
        algorithm=document["algorithm"] and Algorithm.parse(document["algorithm"]),
        window=window
        and Window(
            begin=datetime.fromisoformat(window["begin"]),
            end=datetime.fromisoformat(window["end"]),
            skew=timedelta(seconds=window["skew"]),
        ),
        read=ReadMode(document["read"]),
        require=Level[document["require"].upper()],
    )
