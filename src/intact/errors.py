"""The exception tree: every class says whose fault it was.

A verdict is data; an exception means that there is no answer.
"""


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
