"""Verified transfers beside boto3's own, against a server of canned answers on loopback.

Run ``python benchmarks/bench_transfer.py [--size MIB] [--turns N]``.  The server, a process of its
own, keeps one object in memory and does next to nothing.  Contenders take turns; a figure is the
median of the turns, and a ratio the median of the turns' ratios.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

import intact
from intact.adapters import DownloadStream, download, upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MIB = 1 << 20
RANGE = re.compile(rb"\r\nrange: bytes=(\d+)-(\d+)\r\n", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
ETAG = '"0123456789abcdef0123456789abcdef-9"'
COMPLETED = (
    '<?xml version="1.0"?><CompleteMultipartUploadResult><ETag>{etag}</ETag>'
    "<ChecksumCRC64NVME>{crc}</ChecksumCRC64NVME>"
    "<ChecksumType>FULL_OBJECT</ChecksumType></CompleteMultipartUploadResult>"
)
BEGUN = (
    '<?xml version="1.0"?><InitiateMultipartUploadResult><UploadId>u</UploadId>'
    "</InitiateMultipartUploadResult>"
)


def contents(size: int) -> bytes:
    """Return the object's bytes, the same in every process."""
    return bytes(range(251)) * (size // 251 + 1)


def serve(listener: socket.socket, size: int) -> None:
    """Answer every request for the object until the process ends, a thread per connection."""
    import threading  # noqa: PLC0415 - the server's process only

    body = memoryview(contents(size))[:size]
    crc = base64.b64encode(intact.new("CRC64NVME", body).digest()).decode()
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=converse, args=(connection, body, crc), daemon=True).start()


def converse(connection: socket.socket, body: memoryview, crc: str) -> None:
    """Answer the requests of one connection."""
    scratch = memoryview(bytearray(MIB))
    pending = b""
    with contextlib.suppress(ConnectionError), connection:
        while True:
            while b"\r\n\r\n" not in pending:
                if not (more := connection.recv(65536)):
                    return
                pending += more
            head, _, pending = pending.partition(b"\r\n\r\n")
            head += b"\r\n"
            length = LENGTH.search(head)
            left = int(length[1]) if length else 0
            if b"expect: 100-continue" in head.lower():
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            taken, pending = pending[:left], pending[left:]
            left -= len(taken)
            while left:
                left -= connection.recv_into(scratch[: min(left, MIB)])
            answer(connection, head, body, crc)


def answer(connection: socket.socket, head: bytes, body: memoryview, crc: str) -> None:
    """Send what S3 would, headers that matter only."""
    method, target, _ = head.split(b" ", 2)
    fields = [f"ETag: {ETAG}", "Last-Modified: Sun, 22 Nov 2026 00:00:00 GMT"]
    status, sent = "200 OK", memoryview(b"")
    if method in {b"GET", b"HEAD"}:
        sent = body
        if asked := RANGE.search(head):
            first, last = int(asked[1]), int(asked[2])
            status, sent = "206 Partial Content", body[first : last + 1]
            fields.append(f"Content-Range: bytes {first}-{last}/{len(body)}")
        else:
            fields += [f"x-amz-checksum-crc64nvme: {crc}", "x-amz-checksum-type: FULL_OBJECT"]
    elif method == b"POST":
        text = BEGUN if target.endswith(b"uploads") else COMPLETED.format(etag=ETAG, crc=crc)
        sent = memoryview(text.encode())
    fields.append(f"Content-Length: {len(sent)}")
    connection.sendall(f"HTTP/1.1 {status}\r\n".encode() + "\r\n".join([*fields, "\r\n"]).encode())
    if method != b"HEAD" and sent:
        connection.sendall(sent)


@contextlib.contextmanager
def server(size: int) -> Iterator[str]:
    """Endpoint URL of the server in a process of its own."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        command = [sys.executable, __file__, "--serve", str(listener.fileno()), "--size"]
        with subprocess.Popen(  # noqa: S603 - this file
            [*command, str(size // MIB)], pass_fds=[listener.fileno()]
        ) as process:
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                process.kill()


def contenders(s3: Any, folder: Path, size: int) -> dict[str, dict[str, Callable[[], object]]]:  # noqa: ANN401 - a client
    """Everything that is measured, by group and name; the last of a group is boto3's."""
    file, copy = folder / "file", str(folder / "copy")
    with file.open("wb") as opened:
        opened.write(memoryview(contents(size))[:size])

    def read_stream() -> None:
        for _ in DownloadStream("s3://b/k", client=s3):
            pass

    def discard() -> None:
        with open(os.devnull, "wb") as sink:  # noqa: PTH123 - a device
            s3.download_fileobj("b", "k", sink)

    return {
        "download to a file": {
            "intact.download": lambda: download("s3://b/k", copy, client=s3),
            "download_file": lambda: s3.download_file("b", "k", copy),
        },
        "download to nowhere": {
            "intact.DownloadStream": read_stream,
            "download_fileobj": discard,
        },
        "upload of a file": {
            "intact.upload": lambda: upload(file, "s3://b/k", client=s3),
            "upload_file": lambda: s3.upload_file(str(file), "b", "k"),
        },
    }


def measure(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock and on the processor, this process's."""
    wall, processor = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512, help="MiB")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    size = options.size * MIB
    if options.serve is not None:
        serve(socket.socket(fileno=options.serve), size)
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    print("| what | MB/s | CPU ms per GB | beside | MB/s | CPU ms per GB | ratio |")
    print("| --- | ---: | ---: | --- | ---: | ---: | ---: |")
    with server(size) as url, tempfile.TemporaryDirectory() as folder:
        style: Any = {"addressing_style": "path"}
        config = Config(proxies={}, s3=style, max_pool_connections=16, region_name="us-east-1")
        s3 = boto3.client("s3", endpoint_url=url, config=config)
        for what, group in contenders(s3, Path(folder), size).items():
            turns = [[measure(run) for run in group.values()] for _ in range(options.turns)]
            ratio = statistics.median(theirs[0] / ours[0] for ours, theirs in turns)
            cells = []
            for place, name in enumerate(group):
                wall = statistics.median(turn[place][0] for turn in turns)
                used = statistics.median(turn[place][1] for turn in turns)
                cells.append(f"{name} | {size / wall / 1e6:,.0f} | {used * 1e12 / size:,.0f}")
            print(f"| {what}: {' | '.join(cells)} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
