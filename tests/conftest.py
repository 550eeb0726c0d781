"""Fixtures that more than one directory of tests uses."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from intact import _native
from intact.adapters.s3control import s3control_client
from intact.errors import StoreError
from intact.rehearsal.endpoint import BatchEndpoint
from intact.rehearsal.localstack import LocalStack, provision
from tests.servers import UnavailableError, build_versitygw, versitygw
from tests.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let ``tests/cli/test_transcripts.py`` write what it would otherwise compare."""
    parser.addoption(
        "--rewrite-transcripts",
        action="store_true",
        help="store what the commands print now; read the difference before it is committed",
    )


def pytest_configure() -> None:
    """Let Ctrl-C end what tests start, where a shell that ran them in its background forbade it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", params=[name for name, _ in _native.kernels()])
def kernel(request: pytest.FixtureRequest) -> str:
    """Each kernel by name; one that this machine cannot run is a skip that names it."""
    name = str(request.param)
    if not dict(_native.kernels())[name]:
        pytest.skip(f"this machine cannot run kernel {name}")
    return name


@pytest.fixture(scope="session", autouse=True)
def _dummy_aws() -> Iterator[None]:
    """No test sees the user's AWS configuration, nor sends loopback traffic to a proxy."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        patch.setenv("no_proxy", "127.0.0.1,localhost")
        yield


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Endpoint URL of a local S3 server, LocalStack.

    Skips where it cannot be installed, for want of a package registry or on Windows; in CI that is
    a failure.  So is, everywhere, a package that is not the one that was pinned.
    """
    try:
        provision(progress=lambda _: None)
    except StoreError as error:
        if os.environ.get("CI") or "HASH" in str(error):
            raise
        pytest.skip(f"localstack: could not be provisioned: {error}")
    with LocalStack.start() as server:
        yield server.endpoint_url


@pytest.fixture(scope="session")
def versity_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Endpoint URL of a local S3 server of another make.

    Skips where Go cannot build it; in CI that is a failure where there is Go.
    """
    try:
        executable = build_versitygw()
    except UnavailableError as error:
        if os.environ.get("CI") and shutil.which("go"):
            raise
        pytest.skip(str(error))
    with versitygw(executable, tmp_path_factory.mktemp("versitygw")) as endpoint_url:
        yield endpoint_url


@pytest.fixture(scope="session")
def s3(s3_server: str) -> Iterator[S3Client]:
    """A client of ``s3_server`` that tries once."""
    with closing(client(s3_server)) as s3:
        yield s3


@pytest.fixture(scope="session")
def versity(versity_server: str) -> Iterator[S3Client]:
    """A client of ``versity_server`` that tries once."""
    with closing(client(versity_server)) as s3:
        yield s3


@pytest.fixture
def bucket(s3: S3Client) -> Callable[[], str]:
    """Makes a bucket on ``s3_server`` and returns its name."""

    def make() -> str:
        name = f"test-{uuid4().hex}"
        s3.create_bucket(Bucket=name)
        return name

    return make


def client(endpoint_url: str) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        config=Config(
            proxies={},
            read_timeout=30,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
        ),
    )


@pytest.fixture
def endpoint(s3: S3Client) -> Iterator[BatchEndpoint]:
    with BatchEndpoint(s3, workers=4) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret")  # noqa: S106 - of nobody


@pytest.fixture
def stage(s3: S3Client, endpoint: BatchEndpoint, session: boto3.Session) -> Iterator[Stage]:
    control = s3control_client(session, endpoint_url=endpoint.url, region="eu-west-1")
    stage = Stage(s3=s3, endpoint=endpoint, control=control)
    for bucket in (stage.source, stage.target, stage.desk):
        s3.create_bucket(Bucket=bucket)
    yield stage
    control.close()
