"""What pages and transcripts speak of: a folder ``album``, buckets, an endpoint, other files.

The buckets are ``photos``, whose objects are those of the folder, ``copies``, ``lists`` and
``reports``.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intact.adapters import upload
from intact.audit import Verdict
from intact.audit.ledger import SEAL, SEGMENTS
from intact.rehearsal.endpoint import BatchEndpoint
from tests.ledgers import HEADER, OTHER, copied, many, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_s3 import S3Client

    from intact.rehearsal.invoking import Function

ALBUM = {"beach.jpg": b"sand" * 9000, "cat.jpg": b"fur" * 4000, "summer 2026.jpg": b"sun" * 12000}
BUCKETS = ("photos", "copies", "lists", "reports")


MANIFEST = b"photos,album/beach.jpg\nphotos,album/cat.jpg\nphotos,album/summer%202026.jpg\n"
SIZED = b"photos,big.bin,6000000000\nphotos,album/cat.jpg,12000\n"
ARN = "arn:aws:s3:::"
JOB: dict[str, Any] = {
    "AccountId": "111122223333",
    "ConfirmationRequired": True,
    "Operation": {
        "S3PutObjectCopy": {"TargetResource": f"{ARN}copies", "ChecksumAlgorithm": "CRC64NVME"}
    },
    "Report": {
        "Enabled": True,
        "Bucket": f"{ARN}reports",
        "Format": "Report_CSV_20180820",
        "ReportScope": "AllTasks",
    },
    "Manifest": {
        "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
        "Location": {
            "ObjectArn": f"{ARN}lists/m.csv",
            "ETag": hashlib.md5(MANIFEST, usedforsecurity=False).hexdigest(),
        },
    },
    "Priority": 10,
    "RoleArn": "arn:aws:iam::111122223333:role/copy",
}


def fill_album(folder: Path) -> None:
    """Make the folder ``album``."""
    (folder / "album").mkdir()
    for name, content in ALBUM.items():
        (folder / "album" / name).write_bytes(content)


@contextmanager
def furnished(
    s3: S3Client,
    folder: Path,
    *,
    more: tuple[str, ...] = (),
    functions: Mapping[str, Function] | None = None,
) -> Iterator[BatchEndpoint]:
    """The folder, the buckets and ``more`` of them, and an endpoint whose jobs copy between them.

    The buckets are removed with all that they hold once the endpoint has stopped: a job that still
    ran would write its report into a bucket that was just emptied, or into the next test's.
    """
    fill_album(folder)
    buckets = (*BUCKETS, *more)
    for bucket in buckets:
        s3.create_bucket(Bucket=bucket)
    for name in ALBUM:
        upload(folder / "album" / name, f"s3://photos/album/{name}", client=s3)
    with BatchEndpoint(s3, workers=4, functions=functions) as endpoint:
        yield endpoint
    for bucket in buckets:
        for found in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=found["Key"])
        s3.delete_bucket(Bucket=bucket)


def surroundings(folder: Path, *, s3: str, control: str) -> dict[str, str]:
    """Environment of commands, whose ``intact`` is this one."""
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AWS_ENDPOINT_URL_S3": s3,
        "AWS_ENDPOINT_URL_S3_CONTROL": control,
        "XDG_CONFIG_HOME": str(folder / "settings"),  # not those of whoever runs the tests
    }


def lay_out(folder: Path) -> None:
    """Files that the command lines name."""
    for name in ("library", "odd"):
        (folder / name).mkdir()
    for number in range(12):
        (folder / "library" / f"module{number}.py").write_text(f"NUMBER = {number}\n" * 100)
    for name, content in {
        "m.csv": MANIFEST,
        "sized.csv": SIZED,
        "bad.csv": b"photos,album/cat.jpg\nphotos,album/cat.jpg\nphotos,50%\n",
        "keys.txt": b"album/cat.jpg\nalbum/summer 2026.jpg\n",
        "empty.csv": b"",
        "job.json": json.dumps(JOB).encode(),
        "wrong-job.json": json.dumps(JOB | {"Priority": -1}).encode(),
        "broken.json": b'{"AccountId": ',
        "wait.json": json.dumps(
            JOB | {"Description": "waits", "Report": JOB["Report"] | {"Prefix": "2026"}}
        ).encode(),
        "album.keys": b"album/gone.jpg\nalbum/cat.jpg\n",
        "odd/caf\udce9 \\ 1.txt": b"123456789",
        "right.sums": b"d80d265ee1a97971  album/cat.jpg\nd80d265ee1a97971  album/gone.jpg\n",
        "parts.sums": b"d41d8cd98f00b204e9800998ecf8427e-2  album/cat.jpg\n",
        "mixed.sums": b"d80d265ee1a97971  album/cat.jpg\nhello\n",
        "wrong.sums": b"0000000000000000  album/cat.jpg\nd80d265ee1a97971  album/gone.jpg\n",
    }.items():
        (folder / name).write_bytes(content)
    copied(folder / "ledger")
    records = many(6)
    written(folder / "first", records[:3], header=OTHER)
    written(folder / "second", [*records[1:2], *records[3:]], header=OTHER)
    written(folder / "shard-1", records[:3])
    written(folder / "shard-2", records[3:])
    written(folder / "good", [r for r in records if r.finding.verdict is Verdict.VERIFIED])
    [right, *_] = records
    lying = replace(right, finding=records[2].finding)
    written(folder / "lying-ledger", [lying])
    written(folder / "given", records[:3], header=replace(HEADER, inputs=("digests of sha256sum",)))
    (copied(folder / "torn") / SEAL).unlink()
    (copied(folder / "forged") / SEGMENTS).write_bytes(b"")
