"""Names of things in S3: buckets, keys, object versions, ARNs, and the encodings of keys."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from intact.errors import FormatError, UsageError

MAX_KEY_SIZE = 1024
"""Longest key in bytes of UTF-8 (Amazon S3 User Guide, "Naming Amazon S3 objects")."""
_ARN = re.compile(
    r"arn:[^:]+:(?:s3:::|s3express:[^:]+:[^:]+:/?bucket/)(?P<bucket>[^:/]+)(?:/(?P<key>.*))?",
    re.DOTALL,
)
"""General purpose buckets, directory buckets, their objects.  S3's documents write the resource of
a directory bucket with and without a slash in front."""
_PLAIN = re.compile(r"[A-Za-z0-9_.~/-]*")
"""What stands for itself in a URL (RFC 3986, section 2.3), and the slash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRef:
    """One object, or one version of it.

    Attributes:
        bucket: Name of the bucket.
        key: The key as S3 stores it: decoded, never normalised.
        version_id: The version; ``"null"`` is the null version, None the current one.
    """

    bucket: str
    key: str
    version_id: str | None = None

    def __str__(self) -> str:
        """``s3://bucket/key``, with the version where one is named; all URL-encoded."""
        version = f"?versionId={encode_key(self.version_id)}" if self.version_id else ""
        return f"s3://{encode_key(self.bucket)}/{encode_key(self.key)}{version}"


def encode_key(key: str) -> str:
    """URL-encode a key for a manifest, such that every known reader decodes it alike.

    Space becomes ``%20`` and ``+`` becomes ``%2B``, so readers that take a bare ``+`` for a
    space and readers that do not agree; ``/`` stays.

    Raises:
        UsageError: The key has no UTF-8 form (lone surrogates).
    """
    if _PLAIN.fullmatch(key):
        return key
    try:
        return quote(key, safe="/", errors="strict")
    except UnicodeEncodeError:
        raise UsageError(f"key is {key!r}; wanted text that UTF-8 can express") from None


def decode_key(encoded: str, *, plus_is_space: bool = False) -> str:
    """Decode a URL-encoded key.

    Args:
        encoded: Text of a manifest or report.
        plus_is_space: Form encoding, as S3 Inventory and generated manifests write it.

    Raises:
        FormatError: The decoded bytes are no UTF-8.
    """
    text = encoded.replace("+", " ") if plus_is_space else encoded
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeError:
        raise FormatError(f"key is {encoded!r}; wanted the URL-encoded form of UTF-8") from None


def bucket_of_arn(arn: str) -> str:
    """Name of the bucket that a bucket or object ARN speaks of.

    Raises:
        UsageError: Not the ARN of a bucket or object of S3; access points have other names.
    """
    match = _ARN.fullmatch(arn)
    if match is None:
        raise UsageError(f"ARN is {arn!r}; wanted arn:PARTITION:s3:::BUCKET")
    return match["bucket"]


def key_of_arn(arn: str) -> str:
    """Key of the object that an object ARN speaks of.

    Raises:
        UsageError: Not an ARN of an S3 object.
    """
    match = _ARN.fullmatch(arn)
    if match is None or not match["key"]:
        raise UsageError(f"ARN is {arn!r}; wanted arn:PARTITION:s3:::BUCKET/KEY")
    return match["key"]


def parse_uri(uri: str) -> ObjectRef:
    """Read ``s3://BUCKET/KEY`` as the AWS CLI does: the key stands as it is, not encoded.

    The key is empty where only a bucket is named.

    Raises:
        UsageError: Anything else.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise UsageError(f"address is {uri!r}; wanted s3://BUCKET/KEY")
    return ObjectRef(bucket=bucket, key=key)


def bucket_arn(bucket: str, *, partition: str = "aws") -> str:
    """ARN of a general purpose bucket."""
    return f"arn:{partition}:s3:::{bucket}"


def object_arn(bucket: str, key: str, *, partition: str = "aws") -> str:
    """ARN of an object in a general purpose bucket."""
    return f"{bucket_arn(bucket, partition=partition)}/{key}"
