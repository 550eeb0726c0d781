"""botocore computes and checks with our code what it leaves to awscrt, as long as it shall.

Each test runs in a process of its own, since botocore looks for awscrt when it is imported.
"""

from __future__ import annotations

import base64
import inspect
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from botocore import httpchecksum

from intact.adapters import registration
from intact.checksum import new
from intact.errors import UsageError
from tests.proxy import Proxy, corrupting_proxy, flip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client

BODY = b"123456789" * 1000

PRELUDE = """
import sys, boto3
from contextlib import closing
from botocore import httpchecksum
from botocore.config import Config
from botocore.exceptions import FlexibleChecksumError, MissingDependencyException
from intact.adapters import register_checksums, unregister_checksums

endpoint, proxy, bucket = sys.argv[1:]
config = Config(proxies={"http": proxy}, retries={"total_max_attempts": 1})
s3 = boto3.client("s3", endpoint_url=endpoint, config=config)
"""


def run(code: str, *arguments: str, crt: bool = False) -> str:
    """Run code in a fresh interpreter and return what it printed."""
    result = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-W", "error", "-c", PRELUDE + code, *(arguments or ("http://x", "", ""))],
        env=os.environ | {"BOTO_DISABLE_CRT": "false" if crt else "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with corrupting_proxy() as proxy:
        yield proxy


@pytest.fixture
def stored(s3: S3Client, bucket: Callable[[], str]) -> str:
    """A bucket with an object ``k`` whose checksum is its CRC64NVME, S3's default."""
    name = bucket()
    digest = base64.b64encode(new("CRC64NVME", BODY).digest()).decode()
    s3.put_object(Bucket=name, Key="k", Body=BODY, ChecksumCRC64NVME=digest)
    return name


GET = """
def read():
    with closing(s3.get_object(Bucket=bucket, Key="k")["Body"]) as body:
        return body.read()
"""


def test_botocore_alone_hands_out_what_the_wire_flipped(
    s3_server: str, proxy: Proxy, stored: str
) -> None:
    # Without awscrt botocore has no class for CRC64NVME, so it passes the header over; it says so
    # in its debug log only.
    proxy.fault = lambda passage: flip(passage.body)
    printed = run(GET + "sys.stdout.buffer.write(read())", s3_server, proxy.url, stored)
    assert printed.encode() == flip(BODY)


def test_registered_botocore_raises_instead(s3_server: str, proxy: Proxy, stored: str) -> None:
    code = """
register_checksums()
assert read().startswith(b"123456789123")
print("right")
try:
    read()
except FlexibleChecksumError as error:
    print("refused")
unregister_checksums()
assert read()
"""
    count = iter(range(9))
    proxy.fault = lambda passage: flip(passage.body) if next(count) else passage.body
    lines = run(GET + code, s3_server, proxy.url, stored)
    assert lines.split() == ["right", "refused"]


def test_botocore_never_checks_the_stream_that_its_body_gives_a_with_statement(
    s3_server: str, proxy: Proxy, stored: str
) -> None:
    # What __enter__ returns is the raw stream beneath the body, and beneath its checksum.
    code = """
register_checksums()
with s3.get_object(Bucket=bucket, Key="k")["Body"] as raw:
    sys.stdout.buffer.write(raw.read())
"""
    proxy.fault = lambda passage: flip(passage.body)
    assert run(code, s3_server, proxy.url, stored).encode() == flip(BODY)


@pytest.mark.parametrize("algorithm", ["CRC32C", "CRC64NVME"])
def test_registered_botocore_sends_what_s3_accepts(
    s3: S3Client, s3_server: str, proxy: Proxy, bucket: Callable[[], str], algorithm: str
) -> None:
    code = """
def put():
    s3.put_object(Bucket=bucket, Key="k", Body=b"123456789" * 1000, ChecksumAlgorithm="NAME")
def refused():
    try:
        put()
    except MissingDependencyException:
        return True
assert refused()
register_checksums()
put()
unregister_checksums()
assert refused()
""".replace("NAME", algorithm)
    name = bucket()
    run(code, s3_server, proxy.url, name)
    head = s3.head_object(Bucket=name, Key="k", ChecksumMode="ENABLED")
    wanted = base64.b64encode(new(algorithm, BODY).digest()).decode()
    assert head[f"Checksum{algorithm}"] == wanted  # type: ignore[literal-required]


def test_every_algorithm_is_computed_as_ours_and_put_back() -> None:
    code = """
from intact.checksum import Algorithm, new
before = dict(httpchecksum._CHECKSUM_CLS), list(httpchecksum._SUPPORTED_CHECKSUM_ALGORITHMS)
ours = register_checksums()
assert ours == register_checksums() == frozenset(map(Algorithm.parse,
    ["CRC32C", "CRC64NVME", "XXHASH64", "XXHASH3", "XXHASH128"])), ours
for algorithm in ours:
    checksum = httpchecksum._CHECKSUM_CLS[algorithm.value.lower()]()
    checksum.update(b"123"); checksum.update(memoryview(b"456789"))
    assert checksum.digest() == new(algorithm, b"123456789").digest()
    assert checksum.b64digest() == type(checksum)().handle(bytearray(b"123456789"))
    assert httpchecksum._SUPPORTED_CHECKSUM_ALGORITHMS.count(algorithm.value.lower()) == 1
unregister_checksums(); unregister_checksums()
assert before == (httpchecksum._CHECKSUM_CLS, httpchecksum._SUPPORTED_CHECKSUM_ALGORITHMS)
print("done")
"""
    assert run(code) == "done\n"


def test_awscrt_is_displaced_only_when_asked() -> None:
    pytest.importorskip("awscrt")
    code = """
before = dict(httpchecksum._CHECKSUM_CLS)
names = list(httpchecksum._SUPPORTED_CHECKSUM_ALGORITHMS)
assert "crc64nvme" in before
assert register_checksums() == frozenset()
assert httpchecksum._CHECKSUM_CLS == before
assert len(register_checksums(replace=True)) == 5
assert httpchecksum._CHECKSUM_CLS["crc64nvme"] is not before["crc64nvme"]
assert httpchecksum._CHECKSUM_CLS["crc32"] is before["crc32"]
assert len(register_checksums()) == 5
unregister_checksums()
assert httpchecksum._CHECKSUM_CLS == before
assert httpchecksum._SUPPORTED_CHECKSUM_ALGORITHMS == names
print("done")
"""
    assert run(code, crt=True) == "done\n"


def test_what_somebody_else_registered_since_then_stays() -> None:
    code = """
register_checksums()
class Other: pass
httpchecksum._CHECKSUM_CLS["crc32c"] = Other
unregister_checksums()
assert httpchecksum._CHECKSUM_CLS["crc32c"] is Other
assert "crc64nvme" not in httpchecksum._CHECKSUM_CLS
print("done")
"""
    assert run(code) == "done\n"


def test_threads_that_register_and_undo_leave_nothing_behind() -> None:
    code = """
from concurrent.futures import ThreadPoolExecutor
before = dict(httpchecksum._CHECKSUM_CLS), list(httpchecksum._SUPPORTED_CHECKSUM_ALGORITHMS)
def work(number):
    for _ in range(50):
        register_checksums() if number % 2 else unregister_checksums()
with ThreadPoolExecutor(8) as pool:
    list(pool.map(work, range(8)))
unregister_checksums()
assert before == (httpchecksum._CHECKSUM_CLS, httpchecksum._SUPPORTED_CHECKSUM_ALGORITHMS)
print("done")
"""
    assert run(code) == "done\n"


def test_the_installed_botocore_is_known() -> None:
    assert registration.KNOWN
    assert isinstance(registration.register_checksums(), frozenset)
    registration.unregister_checksums()


def test_an_unknown_botocore_is_refused_and_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    before = dict(httpchecksum._CHECKSUM_CLS)  # type: ignore[attr-defined]  # noqa: SLF001
    source = inspect.getsource(httpchecksum)
    monkeypatch.setattr(inspect, "getsource", lambda _: source + "# one line more\n")
    with pytest.raises(UsageError, match=r"botocore .* has the SHA256 .*; wanted that of .* 1.44"):
        registration.register_checksums(replace=True)

    def absent(_: object) -> str:
        raise OSError

    monkeypatch.setattr(inspect, "getsource", absent)
    with pytest.raises(UsageError, match="has no source to be known by"):
        registration.register_checksums(replace=True)
    assert before == httpchecksum._CHECKSUM_CLS  # type: ignore[attr-defined]  # noqa: SLF001
