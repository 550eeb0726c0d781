"""The rehearsal's fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from intact.adapters.s3control import s3control_client
from intact.rehearsal.endpoint import BatchEndpoint
from tests.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client


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
