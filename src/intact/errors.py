"""The exception tree, in which every class says whose fault it was, and the exit codes.

A verdict is data; an exception means that there is no answer.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """How the command ends; 4 beats 1 beats 3 beats 0."""

    VERIFIED = 0
    """Every object verified."""
    WRONG = 1
    """At least one object mismatched, missing or not copied."""
    USAGE = 2
    """Usage error."""
    UNPROVEN = 3
    """None wrong, but some not proven."""
    UNFINISHED = 4
    """The audit could not finish, or its counts do not add up."""
    INTERRUPTED = 130
    """Ctrl-C ended it, as shells expect: 128 plus SIGINT."""
    BROKEN_PIPE = 141
    """Nobody reads what it prints any more: 128 plus SIGPIPE."""


class IntactError(Exception):
    """Base of everything that this package raises on its own account."""


class UsageError(IntactError, ValueError):
    """The caller asked for what cannot be: an argument, a flag, a job that breaks a rule."""


class FormatError(IntactError):
    """A file or a response is not what its format promises.  The message says where."""


class StoreError(IntactError):
    """S3, the network or a local server did not answer, or refused to."""


class AccessError(StoreError):
    """Credentials are missing, expired or refused altogether: no further request can succeed."""


class CorruptError(StoreError):
    """Bytes are not those that their checksum speaks of."""


class UnprovenError(StoreError):
    """Nothing says whether bytes are right: S3 stores no checksum that covers them."""
