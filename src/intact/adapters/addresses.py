"""Whose server an address is: AWS's or another's, and where the S3 Control is that goes with it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlsplit

from botocore.loaders import Loader

from intact.audit.ledger import Server

if TYPE_CHECKING:
    import boto3

_VPCE = "vpce"
_PRIVATE = {"bucket", "accesspoint"}
"""What names of S3's interface endpoints begin with; S3 Control's begin with control: see Amazon
S3 User Guide, "AWS PrivateLink for Amazon S3"."""


def is_aws(url: str) -> bool:
    """Whether a server has a name that AWS gives."""
    return _host(url).endswith(_suffixes())


def address_of(session: boto3.Session, service: Literal["s3", "s3control", "sts"]) -> str:
    """Where a service is, by the environment and the profile; AWS's own address otherwise.

    See AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
    """
    region = session.region_name or "us-east-1"  # AWS has these services everywhere
    client = session.client(service, region_name=region)
    client.close()
    return client.meta.endpoint_url


def control_beside(url: str) -> str | None:
    """Where the S3 Control is that goes with an S3 server; None for AWS's own address of it.

    A job's id means nothing to any other server, so it is at the same address if not on AWS.
    """
    if not is_aws(url):
        return url
    label, _, rest = _host(url).partition(".")
    if label in _PRIVATE and rest.startswith(_VPCE):
        return urlsplit(url)._replace(netloc=f"control.{rest}").geturl()
    return None


def control_address(session: boto3.Session, s3: str) -> str | None:
    """Where S3 Control is, by the environment and the profile, or else beside S3.

    None for AWS's own address.
    """
    told = address_of(session, "s3control")
    return control_beside(s3) if is_aws(told) else told


def server_at(s3: str, *, control: str | None, ended: bool = False) -> Server | None:
    """What a ledger keeps of addresses that are not those AWS has for everyone.

    Args:
        s3: Address of S3.
        control: That of S3 Control; None for AWS's own.
        ended: Whether it ended with the audit.
    """
    own, aside = _is_usual(s3), control_beside(s3)
    beside = control == aside or (aside is None and control is not None and _is_usual(control))
    if own and beside and not ended:
        return None
    return Server(
        endpoint_url=None if own else public(s3),
        control_endpoint_url=None if beside or control is None else public(control),
        ended=ended,
    )


def _is_usual(url: str) -> bool:
    """Whether AWS has this address for everyone, and not in somebody's network."""
    return is_aws(url) and f".{_VPCE}." not in _host(url)


def public(url: str) -> str:
    """An address without the user and password that it may hold."""
    place = urlsplit(url)
    bare = place._replace(netloc=place.netloc.rpartition("@")[2], query="", fragment="")
    return quote(bare.geturl(), safe="/:[]%")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


@cache
def _suffixes() -> tuple[str, ...]:
    partitions = Loader().load_data("partitions")["partitions"]
    names = ("dnsSuffix", "dualStackDnsSuffix")
    return tuple(f".{partition['outputs'][name]}" for partition in partitions for name in names)
