"""Options that mean the same in every command, and the clients that they configure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3
    from types_boto3_s3 import S3Client
    from types_boto3_s3control import S3ControlClient
    from types_boto3_sts import STSClient

    from intact.adapters.boto import BotoStore
    from intact.adapters.http import LeanStore
    from intact.audit.ledger import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Aws:
    """How to reach S3 and S3 Control; None leaves it to the usual AWS configuration."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    control_endpoint_url: str | None = None
    no_sign_request: bool = False
    request_payer: str | None = None

    def session(self) -> boto3.Session:
        """Open a session with the named profile."""
        import boto3  # noqa: PLC0415 - 200 ms that only commands that need it pay

        return boto3.Session(profile_name=self.profile, region_name=self.region)

    def client(self, *, workers: int) -> S3Client:
        """Make an S3 client for that many threads."""
        from intact.adapters.boto import s3_client  # noqa: PLC0415 - imports boto3

        return s3_client(
            self.session(),
            endpoint_url=self.endpoint_url,
            region=self.region,
            connections=workers,
            signed=not self.no_sign_request,
            requester_pays=self.request_payer is not None,
        )

    def store(self, *, workers: int) -> BotoStore:
        """Make an object store for that many threads."""
        from intact.adapters.boto import BotoStore  # noqa: PLC0415 - imports boto3

        return BotoStore(self.client(workers=workers))

    def lean(self, *, workers: int) -> LeanStore:
        """Make a lean object store, in whichever process this is called."""
        from intact.adapters.http import LeanStore  # noqa: PLC0415 - imports boto3

        return LeanStore(self.client(workers=workers))

    def sts(self) -> STSClient | None:
        """Make a client that tells whose credentials these are, of the STS that goes with this S3.

        None where S3 is another server's and nobody named an STS beside it: AWS knows nothing of
        its credentials, and would learn them.
        """
        from intact.adapters.addresses import address_of, is_aws  # noqa: PLC0415 - imports boto3

        session = self.session()
        alone = self.endpoint_url is not None or is_aws(address_of(session, "sts"))
        if alone and not is_aws(self.s3_address):
            return None
        return session.client("sts")

    @property
    def here(self) -> str | None:
        """Region that jobs are created in."""
        region: str | None = self.session().region_name
        return region

    @property
    def s3_address(self) -> str:
        """Where S3 is."""
        from intact.adapters.addresses import address_of  # noqa: PLC0415 - imports boto3

        return self.endpoint_url or address_of(self.session(), "s3")

    @property
    def control_address(self) -> str | None:
        """Where S3 Control is; None for AWS's own address.

        Whoever names another S3 server means it for jobs too, unless S3 Control is named besides:
        AWS is not asked for a job that it does not have, nor shown another server's credentials.
        """
        from intact.adapters import addresses  # noqa: PLC0415 - imports boto3

        if self.control_endpoint_url:
            return self.control_endpoint_url
        if self.endpoint_url:
            return addresses.control_beside(self.endpoint_url)
        return addresses.control_address(self.session(), self.s3_address)

    def control(self) -> S3ControlClient:
        """Make an S3 Control client."""
        from intact.adapters.s3control import s3control_client  # noqa: PLC0415 - imports boto3

        return s3control_client(
            self.session(), endpoint_url=self.control_address, region=self.region
        )

    @property
    def server(self) -> Server | None:
        """What a ledger keeps of these addresses."""
        from intact.adapters.addresses import server_at  # noqa: PLC0415 - imports boto3

        return server_at(self.s3_address, control=self.control_address)


LEAST_MEMORY = 300 * 10**6
"""Of an offline audit, in bytes: DuckDB gets half of it, and reads lines through 128 MiB."""
_UNITS = {"": 1, "B": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}
_DECIMAL = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


class Size(click.ParamType):  # type: ignore[type-arg] # generic since click 8.3
    """A number of bytes with a binary unit, in any case: ``4096``, ``64KiB``, ``1 MiB``."""

    name = "size"

    def __init__(self, *, least: int = 1, most: int | None = None, decimal: bool = False) -> None:
        """Accept no less and no more than that many bytes, in decimal units too if they are meant.

        People who say 8MB for a part mean 8 MiB, and those who say 2GB of memory mean either.
        """
        self._least, self._most = least, most
        self._units = _UNITS | _DECIMAL if decimal else _UNITS

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read the number."""
        found = re.fullmatch(r"([0-9]{1,12}) ?([A-Z]*)", str(value).upper())
        if found is None or found[2] not in self._units:
            self.fail(f"{value!r}; wanted a size such as 4096, 64KiB or 1MiB", param, ctx)
        size = int(found[1]) * self._units[found[2]]
        if size < self._least:
            self.fail(f"{value!r}; wanted at least {self._least} bytes", param, ctx)
        if self._most is not None and size > self._most:
            self.fail(f"{value!r}; wanted at most {self._most} bytes", param, ctx)
        return size


class Address(click.ParamType):  # type: ignore[type-arg] # as above
    """The ``s3://`` address of one object."""

    name = "address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Look whether it names a key."""
        bucket, slash, key = value.removeprefix("s3://").partition("/")
        if not (value.startswith("s3://") and bucket and slash and key):
            self.fail(f"{value!r}; wanted s3://BUCKET/KEY", param, ctx)
        return value


class FileOrAddress(Address):
    """A file that is there, or the address of an object."""

    name = "file"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Look whether the file is there."""
        if value.startswith("s3://"):
            return super().convert(value, param, ctx)
        if not Path(value).is_file():
            self.fail(f"file {value!r} does not exist", param, ctx)
        return value


def s3_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of ``Aws`` that concern S3 itself."""
    for option in reversed(
        (
            click.option("--profile", metavar="NAME", help="Profile of the AWS configuration."),
            click.option(
                "--region",
                envvar="AWS_REGION",  # which botocore does not read, unlike the AWS CLI
                metavar="NAME",
                help="AWS Region.",
            ),
            click.option(
                "--endpoint-url",
                metavar="URL",
                help="Address of another S3 server, which is asked about jobs too.",
            ),
            click.option(
                "--no-sign-request",
                is_flag=True,
                help="Send requests to S3 unsigned, as public buckets allow.",
            ),
            click.option(
                "--request-payer",
                is_flag=False,
                flag_value="requester",
                type=click.Choice(["requester"]),
                help="Agree to pay for requests to buckets whose requesters pay.",
            ),
        )
    ):
        function = option(function)
    return function


def aws_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of ``Aws`` to a command, which receives them as keywords."""
    control = click.option(
        "--control-endpoint-url",
        envvar="AWS_ENDPOINT_URL_S3_CONTROL",  # which botocore reads, and puts the account before
        metavar="URL",
        help="Address of another S3 Control server; that of --endpoint-url without.",
    )
    return s3_options(control(function))
