"""Whose server is asked: never AWS for what another server has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from intact.adapters.addresses import control_address, control_beside, is_aws, server_at
from intact.audit.ledger import Server
from intact.cli.options import Aws

if TYPE_CHECKING:
    from pathlib import Path

HERE, THERE = "http://127.0.0.1:9", "https://minio.example:8650"
PRIVATE = "https://bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com"
PRIVATE_CONTROL = "https://control.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com"
USUAL = (
    "https://s3.eu-west-1.amazonaws.com",
    "https://s3.cn-north-1.amazonaws.com.cn",
    "https://s3.dualstack.eu-west-1.api.aws",
)
PROFILE = """\
[default]
region = eu-west-1
services = mine
[services mine]
s3 =
  endpoint_url = http://127.0.0.1:9
"""


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_S3_CONTROL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("url", [*USUAL, PRIVATE])
def test_names_that_aws_gives_are_its_own(url: str) -> None:
    assert is_aws(url)


@pytest.mark.parametrize(
    "url", [HERE, THERE, "https://s3.amazonaws.com.example", "https://evilamazonaws.com"]
)
def test_no_other_name_is(url: str) -> None:
    assert not is_aws(url)
    assert control_beside(url) == url


def test_s3_control_is_where_s3_is() -> None:
    assert Aws().control_address is None
    assert Aws(endpoint_url=HERE).control_address == HERE
    assert Aws(endpoint_url=PRIVATE).control_address == PRIVATE_CONTROL
    assert {Aws(endpoint_url=url).control_address for url in USUAL} == {None}
    assert Aws(endpoint_url=HERE, control_endpoint_url=THERE).control_address == THERE


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_a_variable_names_both(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, HERE)
    assert Aws().control_address == Aws().s3_address == HERE
    assert Aws(endpoint_url=THERE).control_address == THERE


def test_a_profile_names_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(PROFILE)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert Aws().control_address == Aws().s3_address == HERE


def test_what_names_s3_control_alone_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", HERE)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3_CONTROL", THERE)
    assert control_address(boto3.Session(region_name="eu-west-1"), HERE) == THERE


def test_the_client_of_another_server_has_no_account_in_its_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", HERE)
    client = Aws(region="eu-west-1").control()
    seen: list[str] = []
    client.meta.events.register_last(
        "before-call.s3-control", lambda params, **_: seen.append(params["url"])
    )
    with pytest.raises(Exception, match="127"):
        client.list_jobs(AccountId="111122223333")
    assert seen[0].startswith(f"{HERE}/v20180820/jobs")


def test_credentials_are_asked_about_where_s3_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Aws(endpoint_url=HERE, region="eu-west-1").sts() is None
    assert Aws(endpoint_url=PRIVATE, region="us-east-1").sts() is not None
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", HERE)
    assert Aws(region="eu-west-1").sts() is None
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", THERE)
    named = Aws(region="eu-west-1").sts()
    assert named is not None
    assert named.meta.endpoint_url == THERE


@pytest.mark.parametrize(
    ("s3", "control", "kept"),
    [
        (USUAL[0], None, None),
        (USUAL[0], "https://s3-control.eu-west-1.amazonaws.com", None),
        (USUAL[0], HERE, Server(control_endpoint_url=HERE)),
        (HERE, HERE, Server(endpoint_url=HERE)),
        (HERE, THERE, Server(endpoint_url=HERE, control_endpoint_url=THERE)),
        (PRIVATE, PRIVATE_CONTROL, Server(endpoint_url=PRIVATE)),
        (f"http://u:secret@h:1/p?q#{'f'}", None, Server(endpoint_url="http://h:1/p")),
        ("http://h/a b\n", None, Server(endpoint_url="http://h/a%20b")),
    ],
)
def test_a_ledger_keeps_what_is_not_usual_and_no_password(
    s3: str, control: str | None, kept: Server | None
) -> None:
    assert server_at(s3, control=control) == kept


def test_a_demo_on_aws_has_ended_too() -> None:
    assert server_at(USUAL[0], control=None, ended=True) == Server(ended=True)
