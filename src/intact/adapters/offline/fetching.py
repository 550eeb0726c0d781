"""Brings the inputs of an offline audit to disk, each file checked against its MD5."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from intact.adapters.files import named_whole, whole_file
from intact.adapters.inventory import inventory_document
from intact.adapters.offline.inputs import InventoryInput, Of
from intact.adapters.report import SIDECAR_DIGITS, require_md5
from intact.batch import ReportManifest
from intact.batch.columns import FileFormat
from intact.batch.inventory import InventoryManifest
from intact.errors import FormatError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from intact.adapters.boto import BotoStore


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches files once.

    Attributes:
        store: Where what is not on disk lies.
        folder: Gets the files; one that is there was fetched whole.
    """

    store: BotoStore
    folder: Path

    def manifest(self, ref: ObjectRef, *, etag: str | None) -> Path:
        """Fetch a job's manifest."""
        return self._saved(ref, "manifest", md5=None, etag=etag)

    def report(self, where: ObjectRef | Path, *, name: str) -> list[Path]:
        """Fetch the parts of a completion report.

        Args:
            where: Its ``manifest.json``; on disk the parts lie in ``results`` beside it, or
                beside it.
            name: What to call the files.

        Raises:
            FormatError: A file is not what its MD5 or its format promises.
        """
        if isinstance(where, Path):
            parts = ReportManifest.parse(where.read_bytes()).parts
            return [_found(where, part.key, md5=part.md5, beside="results") for part in parts]
        sidecar = ObjectRef(bucket=where.bucket, key=f"{where.key}.md5")
        text = self._saved(sidecar, f"{name}.md5", md5=None).read_text("ascii", "replace")
        document = self._saved(where, f"{name}.json", md5=text[:SIDECAR_DIGITS])
        return [
            self._saved(
                ObjectRef(bucket=part.bucket, key=part.key), f"{name}-{number}.csv", md5=part.md5
            )
            for number, part in enumerate(ReportManifest.parse(document.read_bytes()).parts)
        ]

    def inventory(self, where: ObjectRef | Path, *, of: Of) -> InventoryInput:
        """Fetch an inventory in any of its formats.

        Raises:
            UsageError: It is of another.
            FormatError: A file is not what its MD5 or its format promises, or the document does
                not say when the inventory was taken.
        """
        if isinstance(where, Path):
            listed = InventoryManifest.parse(where.read_bytes(), formats=tuple(FileFormat))
            files = [_found(where, file.key, md5=file.md5, beside="data") for file in listed.files]
        else:
            listed = self._listed(where, self.folder / f"{of.value}.json")
            bucket = listed.bucket or where.bucket
            files = [
                self._saved(
                    ObjectRef(bucket=bucket, key=file.key),
                    f"{of.value}-{number}{''.join(Path(file.key).suffixes[-2:])}",
                    md5=file.md5,
                )
                for number, file in enumerate(listed.files)
            ]
        if listed.created is None:
            raise FormatError(f"{where}: has no creationTimestamp, so nobody knows its age")
        return InventoryInput(
            of=of,
            taken=listed.created,
            parts=files,
            schema=listed.schema,
            file_format=listed.file_format,
        )

    def _listed(self, ref: ObjectRef, document: Path) -> InventoryManifest:
        """Read an inventory's document, once: a later one there is of other files."""
        every = tuple(FileFormat)
        if document.exists():
            return InventoryManifest.parse(document.read_bytes(), formats=every)
        content = inventory_document(self.store, ref, scratch=self.folder)
        listed = InventoryManifest.parse(content, formats=every)
        with whole_file(document) as file:
            file.write(content)
        return listed

    def _saved(
        self, ref: ObjectRef, name: str, *, md5: str | None, etag: str | None = None
    ) -> Path:
        path = self.folder / name
        if not path.exists():
            with named_whole(path) as scratch:
                got = self.store.save(ref, scratch, etag=etag)
                if md5 is not None:
                    require_md5(ref, got=got, wanted=md5)
        return path


def found_beside(document: Path, key: str, *, beside: str) -> Path:
    """A file that a document on disk names, wherever it was downloaded to."""
    name = key.rpartition("/")[2]
    candidates = [document.parent / beside / name, document.parent / name]
    candidates.append(document.parent.parent / beside / name)
    return next((path for path in candidates if path.exists()), candidates[0])


def _found(document: Path, key: str, *, md5: str, beside: str) -> Path:
    path, name = found_beside(document, key, beside=beside), key.rpartition("/")[2]
    with path.open("rb") as file:
        got = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    require_md5(ObjectRef(bucket=str(document.parent), key=name), got=got, wanted=md5)
    return path
