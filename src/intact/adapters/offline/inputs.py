"""The files that an offline audit reads, and what each speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

from intact.batch.columns import FileFormat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from intact.batch.manifest import ManifestFormat

_PACKED = {".gz": 10, ".orc": 10, ".parquet": 5}
"""An inventory's text is so many times its compressed bytes."""


def unpacked(path: str | Path, size: int) -> int:
    """Bytes of text, about, in a file of so many bytes."""
    return size * _PACKED.get(PurePath(path).suffix, 1)


class Of(Enum):
    """Which of the two objects of a copy an input speaks of; the values name columns."""

    SOURCE = "source"
    DESTINATION = "destination"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedInput:
    """The completion report of a Compute checksum job, over sources, copies or both.

    Attributes:
        parts: Its CSV files.
        written: Format of that job's own manifest, whose spelling of keys the report repeats;
            None where it is not known.
        begun: When the job was created; None where that is not known.
    """

    parts: Sequence[Path]
    written: ManifestFormat | None = None
    begun: datetime | None = None


class Inventory(Protocol):
    """What is to be known of an inventory before it is read; see ``InventoryInput``."""

    @property
    def of(self) -> Of:
        """See above."""

    @property
    def taken(self) -> datetime:
        """See above."""

    @property
    def schema(self) -> tuple[str, ...]:
        """See above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryInput:
    """An inventory of the bucket of one side.

    Attributes:
        of: Whose bucket it lists.
        taken: ``creationTimestamp`` of its ``manifest.json``: what was written later it may lack.
        parts: Its files; those in CSV compressed or not.
        schema: Names of their columns; see ``columns_of``.
        file_format: What the files are.
    """

    of: Of
    taken: datetime
    parts: Sequence[Path]
    schema: tuple[str, ...]
    file_format: FileFormat = FileFormat.CSV


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything that an offline audit reads.

    Attributes:
        manifest: The job's CSV manifest.
        fields: Meaning of its columns.
        report: CSV files of the copy job's completion report; None without one.
        computed: Reports of Compute checksum jobs.
        inventories: At most one of each side.
    """

    manifest: Path
    fields: tuple[str, ...]
    report: Sequence[Path] | None = None
    computed: Sequence[ComputedInput] = ()
    inventories: Sequence[InventoryInput] = ()
