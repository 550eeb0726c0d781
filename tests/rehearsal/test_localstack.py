"""The local S3 server: what it answers, where it listens, and that nothing of it is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from intact.errors import StoreError
from intact.rehearsal.localstack import LocalStack, provision
from tests.conftest import client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client

OWNER = """
import sys, time
from intact.rehearsal.localstack import LocalStack
server = LocalStack.start()
print(server.pid, server.endpoint_url, flush=True)
time.sleep(600)
"""


@pytest.fixture
def server(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalStack]:
    """A server of its own, whose temporary directory is below ``tmp_path``."""
    assert s3_server  # so that a machine that cannot have one skips
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with LocalStack.start() as server:
        yield server


def test_it_stores_a_crc64nvme_and_returns_it(s3: S3Client, bucket: Callable[[], str]) -> None:
    name = bucket()
    put = s3.put_object(Bucket=name, Key="k", Body=b"123456789", ChecksumCRC64NVME="rosUhgp5mIg=")
    head = s3.head_object(Bucket=name, Key="k", ChecksumMode="ENABLED")
    assert put["ChecksumCRC64NVME"] == head["ChecksumCRC64NVME"] == "rosUhgp5mIg="
    assert head["ChecksumType"] == "FULL_OBJECT"


def test_it_refuses_a_wrong_crc64nvme(s3: S3Client, bucket: Callable[[], str]) -> None:
    with pytest.raises(s3.exceptions.ClientError, match="BadDigest"):
        s3.put_object(Bucket=bucket(), Key="k", Body=b"1", ChecksumCRC64NVME="AAAAAAAAAAA=")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_listens_on_loopback_only(server: LocalStack) -> None:
    port = int(server.endpoint_url.rpartition(":")[2])
    assert listening(server.pid) == {("tcp", f"0100007F:{port:04X}")}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_is_given_nothing_of_the_users_environment(
    s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert s3_server
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-the-user")
    with LocalStack.start() as server:
        environment = Path(f"/proc/{server.pid}/environ").read_text(encoding="utf-8")
    assert "SERVICES=s3" in environment
    assert "of-the-user" not in environment
    assert "AWS_" not in environment


def test_stop_leaves_no_process_and_no_file(server: LocalStack, tmp_path: Path) -> None:
    assert list(tmp_path.glob("intact-s3-*"))
    server.stop()
    server.stop()
    assert not is_running(server.pid)
    assert not list(tmp_path.iterdir())


def test_two_servers_share_no_bucket(s3: S3Client, server: LocalStack) -> None:
    name = "in-both-servers"
    with closing(client(server.endpoint_url)) as other:
        for each in (s3, other):
            each.create_bucket(Bucket=name)
        other.delete_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="k", Body=b"x" * 2_000_000)  # more than it keeps in memory
        s3.delete_object(Bucket=name, Key="k")
        s3.delete_bucket(Bucket=name)


def test_the_callers_state_directory_keeps_the_log(s3_server: str, tmp_path: Path) -> None:
    assert s3_server
    with LocalStack.start(state=tmp_path / "state"):
        pass
    assert "Running on" in (tmp_path / "state" / "server.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_owner_leaves_no_process_and_no_file(
    s3_server: str, tmp_path: Path, how: signal.Signals
) -> None:
    assert s3_server
    with subprocess.Popen(  # noqa: S603 - our own interpreter and a constant
        (sys.executable, "-c", OWNER),
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as owner:
        assert owner.stdout
        pid = int(owner.stdout.readline().split()[0])
        assert is_running(pid)
        owner.send_signal(how)
    until = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_running(pid)
    assert not list(tmp_path.iterdir())


def test_a_taken_port_is_left_to_its_owner(s3_server: str, server: LocalStack) -> None:
    taken = int(s3_server.rpartition(":")[2])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    assert free != taken
    with LocalStack.start(ports=(taken, free)) as second, closing(client(s3_server)) as first:
        assert second.endpoint_url == f"http://127.0.0.1:{free}"
        assert second.pid != server.pid
        assert first.list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(StoreError, match="every port"):
        LocalStack.start(ports=(taken,))


def test_a_second_provision_says_and_does_nothing(s3_server: str) -> None:
    assert s3_server
    said: list[str] = []
    began = time.monotonic()
    assert provision(progress=said.append).exists()
    assert time.monotonic() - began < 1
    assert not said


def is_running(pid: int) -> bool:
    """Whether the process runs; one that ended and that nobody has waited for does not."""
    state = subprocess.run(  # noqa: S603
        ("ps", "-o", "stat=", "-p", str(pid)),  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def listening(pid: int) -> set[tuple[str, str]]:
    """Protocol and local address of every socket on which the process accepts traffic."""
    fds = (str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir())
    own = {fd.removeprefix("socket:[").removesuffix("]") for fd in fds}
    found = set()
    for protocol, wanted in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for row in Path(f"/proc/{pid}/net/{protocol}").read_text("ascii").splitlines()[1:]:
            fields = row.split()
            if fields[9] in own and fields[3] == wanted:
                found.add((protocol, fields[1]))
    return found
