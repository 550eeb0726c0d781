"""Options that mean the same in every command, and the clients that they configure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3
    from types_boto3_s3 import S3Client
    from types_boto3_s3control import S3ControlClient

    from intact.adapters.boto import BotoStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Aws:
    """How to reach S3 and S3 Control; None leaves it to the usual AWS configuration."""

    profile: str | None
    region: str | None
    endpoint_url: str | None
    control_endpoint_url: str | None = None

    def session(self) -> boto3.Session:
        """Open a session with the named profile."""
        import boto3  # noqa: PLC0415 - 200 ms that only commands that need it pay

        return boto3.Session(profile_name=self.profile, region_name=self.region)

    def client(self, *, workers: int) -> S3Client:
        """Make an S3 client for that many threads."""
        from intact.adapters.boto import s3_client  # noqa: PLC0415 - imports boto3

        return s3_client(
            self.session(), endpoint_url=self.endpoint_url, region=self.region, connections=workers
        )

    def store(self, *, workers: int) -> BotoStore:
        """Make an object store for that many threads."""
        from intact.adapters.boto import BotoStore  # noqa: PLC0415 - imports boto3

        return BotoStore(self.client(workers=workers))

    def control(self) -> S3ControlClient:
        """Make an S3 Control client."""
        from intact.adapters.s3control import s3control_client  # noqa: PLC0415 - imports boto3

        return s3control_client(
            self.session(), endpoint_url=self.control_endpoint_url, region=self.region
        )


def s3_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of ``Aws`` that concern S3 itself."""
    for option in reversed(
        (
            click.option("--profile", help="Profile of the AWS configuration."),
            click.option("--region", help="AWS Region."),
            click.option("--endpoint-url", help="Address of another S3 server."),
        )
    ):
        function = option(function)
    return function


def aws_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of ``Aws`` to a command, which receives them as keywords."""
    control = click.option("--control-endpoint-url", help="Address of another S3 Control server.")
    return s3_options(control(function))
