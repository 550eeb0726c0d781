"""Where the copies of a job are, where its target prefix leaves that open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from intact.adapters.boto import CHUNK, is_denied
from intact.batch import MalformedRow, read_manifest
from intact.batch.manifest import ManifestFormat
from intact.errors import FormatError, StoreError
from intact.s3 import ObjectFacts, ObjectRef
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from intact.adapters.boto import BotoStore
    from intact.audit import Subject

TRIED = 16
"""Rows whose copies are looked for."""


def as_written(subject: Subject, store: BotoStore, text: Callable[[], Iterator[bytes]]) -> Subject:
    """Settle where a job copied to whose prefix ends in a slash.

    S3 does not document whether another one follows.  Some rows of a CSV manifest tell it, by
    where their copies are; else it does if there is any such key, or if these credentials may not
    look.

    Args:
        subject: The job.
        store: Where the copies are.
        text: Begins to read the manifest.

    Raises:
        StoreError: The bucket of the copies could not be listed for another reason.
    """
    prefix = subject.operation.target_key_prefix or ""
    shorter = prefix.removesuffix("/")
    if shorter in {"", prefix}:
        return subject
    other = replace(subject, operation=replace(subject.operation, target_key_prefix=shorter))
    sources = _some_sources(subject, text)
    ours, theirs = (_copies(each, store, sources) for each in (subject, other))
    if ours != theirs:
        return subject if ours > theirs else other
    doubled = ObjectRef(bucket=bucket_of_arn(subject.operation.target_resource), key=f"{prefix}/")
    try:
        found = next(store.listing(doubled), None)
    except StoreError as error:
        if not is_denied(error):
            raise
        return subject
    return other if found is None else subject


def _some_sources(subject: Subject, text: Callable[[], Iterator[bytes]]) -> list[ObjectRef]:
    """Objects that the beginning of a CSV manifest names, as far apart as it has them."""
    if subject.format is not ManifestFormat.CSV:
        return []
    try:
        lines = next(text(), b"").split(b"\n")
    except StoreError:
        return []  # whoever needs the whole of it will say why
    some = lines[:: max(1, len(lines) // TRIED)][:TRIED]
    rows = read_manifest(some, fields=subject.fields)
    return [row.source for row in rows if not isinstance(row, MalformedRow)]


def _copies(subject: Subject, store: BotoStore, sources: Iterable[ObjectRef]) -> int:
    """How many objects have something where their copies would be, from the job's time."""
    found = 0
    for source in sources:
        try:
            facts = store.head(subject.operation.destination(source))
        except (StoreError, FormatError):
            continue
        if isinstance(facts, ObjectFacts):
            found += subject.window is None or subject.window.holds(facts.last_modified)
    return found


def manifest_text(subject: Subject, lists: BotoStore | Path) -> Iterator[bytes]:
    """Yield the bytes of a manifest: a file's, or those of the object that the job names.

    Raises:
        StoreError: It could not be read, or is another one.
        OSError: The same, on disk.
    """
    if not isinstance(lists, Path):
        yield from lists.read(subject.manifest, etag=subject.manifest_etag or "")
        return
    with lists.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
