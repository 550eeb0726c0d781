"""What an audit may read, and what it accepts as proof."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from intact.audit.verdict import Level
from intact.errors import UsageError

if TYPE_CHECKING:
    from intact.checksum import Algorithm


class ReadMode(Enum):
    """When object bytes are read, which costs money and time."""

    NEVER = "never"
    MISSING = "missing"
    """Only where what S3 stores cannot decide."""
    ALL = "all"
    SAMPLE = "sample"
    """As ``ALL``, for a fraction of the objects; of the others, whatever their stored values are
    worth."""

    @property
    def always(self) -> bool:
        """Whether bytes are read even where stored values decide."""
        return self in {ReadMode.ALL, ReadMode.SAMPLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time during which a job wrote.

    Attributes:
        begin: When the job was created.
        end: When it ended.
        skew: How far S3's clock and the job's may differ; covers that S3 cuts seconds off.
    """

    begin: datetime
    end: datetime
    skew: timedelta = timedelta(seconds=60)

    def holds(self, moment: datetime) -> bool:
        """Whether something written at that moment can be the job's work."""
        return self.begin - self.skew <= moment <= self.end + self.skew


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The terms of one audit, equal for all its objects.

    Attributes:
        reported: Whether a completion report of all tasks is at hand.
        versioned: Whether the manifest names the version of every source.
        algorithm: Checksum algorithm that the job asked for; None where it left that to S3.
        window: When the job wrote; None where no job is known.
        read: When bytes may be read.
        require: Weakest evidence of equality that is accepted; RECORDED or more.
    """

    reported: bool
    versioned: bool
    algorithm: Algorithm | None = None
    window: Window | None = None
    read: ReadMode = ReadMode.NEVER
    require: Level = Level.RECORDED

    def __post_init__(self) -> None:
        """Refuse a bar that proves nothing.

        Raises:
            UsageError: ``require`` is below RECORDED.
        """
        if self.require.value < Level.RECORDED.value:
            raise UsageError(f"required level is {self.require.name}; wanted RECORDED or more")
