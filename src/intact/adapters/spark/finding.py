"""Finds the files of a distributed audit by what its command is given."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from intact.adapters.auditor import in_words
from intact.adapters.inventory import fetch_inventory
from intact.adapters.offline.fetching import found_beside
from intact.adapters.offline.inputs import Of
from intact.adapters.others import ComputedReport
from intact.adapters.record import read_described
from intact.adapters.report import SIDECAR_DIGITS, require_md5
from intact.adapters.spark.inputs import ComputedSource, InventorySource, Source
from intact.batch import ReportManifest
from intact.batch.columns import FileFormat
from intact.batch.inventory import InventoryManifest
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef
from intact.s3.names import parse_uri

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intact.adapters.boto import BotoStore
    from intact.audit import Subject

_COMPUTE = "S3ComputeObjectChecksum"
_SIDES = tuple(f"{of.value}=" for of in Of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Names the files of what the command is given, for every machine.

    Attributes:
        store: Where the driver reads what lies in S3.
        endpoint_url: Another S3 server that the executors ask for it.
        region: AWS Region that they ask.
    """

    store: BotoStore
    endpoint_url: str | None = None
    region: str | None = None

    def manifest(self, subject: Subject, place: str | None) -> Source:
        """The job's own, bound to the ETag that the job was bound to where it lies in S3."""
        source = self._source(place or _uri(subject.manifest))
        return replace(source, etag=subject.manifest_etag) if source.remote else source

    def job_report(self, subject: Subject, place: str | None) -> list[Source] | None:
        """Name the files of the job's own report; None where it has none."""
        if place is None and subject.report is not None:
            place = _uri(subject.report)
        return None if place is None else self.report(place)

    def report(self, place: str) -> list[Source]:
        """Name the files of a completion report, with their MD5s.

        Args:
            place: Its ``manifest.json``; where that is on disk, the files lie in ``results``
                beside it, or beside it.

        Raises:
            StoreError: It could not be read.
            FormatError: It is none, or not what the MD5 beside it promises.
        """
        text = self._text(place)
        if place.startswith("s3://"):
            wanted = self._text(f"{place}.md5")[:SIDECAR_DIGITS].decode("ascii", "replace")
            got = hashlib.md5(text, usedforsecurity=False).hexdigest()
            require_md5(parse_uri(place), got=got, wanted=wanted)
        return [
            self._part(place, part.bucket, part.key, md5=part.md5, beside="results")
            for part in ReportManifest.parse(text).parts
        ]

    def computed(self, name: str) -> ComputedSource:
        """Find what a Compute checksum job found, by its description or its report.

        Raises:
            UsageError: The job is of another kind, has not ended or left no report.
            StoreError: The report could not be read.
            FormatError: The file is neither.
        """
        if name.startswith("s3://") or _is_report(Path(name)):
            return ComputedSource(parts=self.report(name))
        made = ComputedReport.of_job(read_described(Path(name)), operation=_COMPUTE)
        parts = self.report(_uri(made.manifest))
        return ComputedSource(parts=parts, written=made.written, begun=made.begun)

    def inventories(self, given: Sequence[str]) -> list[InventorySource]:
        """Find the files of inventories, at most one of each side; see ``inventory``."""
        found = [self.inventory(text) for text in given]
        if len({listed.of for listed in found}) < len(found):
            raise UsageError("--inventory is given twice for one side; wanted each side once")
        return found

    def inventory(self, text: str) -> InventorySource:
        """Find the files of ``source=MANIFEST.JSON`` or ``destination=MANIFEST.JSON``.

        Raises:
            UsageError: It is neither, or its files are of no format that is read.
            StoreError: The document could not be read.
            FormatError: It is none, not what the MD5 beside it promises, or does not say when the
                inventory was taken.
        """
        side, _, place = text.partition("=")
        of = {of.value: of for of in Of}.get(side)
        if of is None or not place:
            raise UsageError(
                f"--inventory is {text!r}; wanted source=MANIFEST.JSON or destination=MANIFEST.JSON"
            )
        every = tuple(FileFormat)
        if place.startswith("s3://"):
            with tempfile.TemporaryDirectory(prefix="intact-") as scratch:
                listed = fetch_inventory(
                    self.store, parse_uri(place), scratch=Path(scratch), formats=every
                )
        else:
            listed = InventoryManifest.parse(Path(place).read_bytes(), formats=every)
        if listed.created is None:
            raise FormatError(f"{place}: has no creationTimestamp, so nobody knows its age")
        return InventorySource(
            of=of,
            taken=listed.created,
            parts=[
                self._part(place, listed.bucket, file.key, md5=file.md5, beside="data")
                for file in listed.files
            ],
            schema=listed.schema,
            file_format=listed.file_format,
        )

    def _source(self, path: str) -> Source:
        return Source(path=path, endpoint_url=self.endpoint_url, region=self.region)

    def _text(self, path: str) -> bytes:
        return b"".join(self._source(path).chunks())

    def _part(
        self, document: str, bucket: str | None, key: str, *, md5: str, beside: str
    ) -> Source:
        """A file that a document names: in S3, or on disk wherever it was downloaded to."""
        if document.startswith("s3://"):
            path = _uri(ObjectRef(bucket=bucket or parse_uri(document).bucket, key=key))
        else:
            path = str(found_beside(Path(document), key, beside=beside))
        return replace(self._source(path), md5=md5)


def _is_report(path: Path) -> bool:
    """Whether a file is the ``manifest.json`` of a report."""
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        return False  # the record of a job is lines of JSON
    return isinstance(found, dict) and "Results" in found


def words(text: str) -> str:
    """Name an input in the ledger's head: one on disk by its SHA-256 too."""
    place = text.partition("=")[2] if text.startswith(_SIDES) else text
    return text if place.startswith("s3://") else in_words(text, Path(place))


def _uri(where: ObjectRef | Path) -> str:
    if isinstance(where, Path):
        return str(where)
    if where.version_id is not None:
        raise UsageError(f"{where} names a version; give a copy of it by its own address")
    return f"s3://{where.bucket}/{where.key}"
