"""Every example of a help page does what it says, in one folder, before a real S3 server."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from intact.adapters import upload
from intact.adapters.s3control import describe_job, s3control_client, submit, wait
from intact.cli.main import cli
from intact.rehearsal.invoking import load_functions
from tests.cli.test_examples import epilogs, shown
from tests.ledgers import copied, many, written
from tests.scenes import ALBUM, ARN, JOB, furnished, surroundings
from tests.stage import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import boto3
    from types_boto3_s3 import S3Client
    from types_boto3_s3control import S3ControlClient

LINES = list(dict.fromkeys(line for text in epilogs(cli) for line in shown(text)))
AWS_CLI = "the AWS CLI, which is none of ours"
NOT_RUN = {
    "aws s3control create-job --cli-input-json file://job.json": AWS_CLI,
    "aws s3control create-job --cli-input-json file://invoke-job.json": AWS_CLI,
    "aws lambda create-function": AWS_CLI,
    "aws s3control describe-job": f"{AWS_CLI}; its answer is read in tests/cli/test_job.py",
    "HTTP_PROXY=http://127.0.0.1:8650 aws": f"{AWS_CLI}; tests/rehearsal/test_aws_cli.py runs it",
    "intact rehearse": "runs until Ctrl-C, on a port that may be taken; see test_rehearse.py",
    "intact demo": "a thousand objects take a minute; see tests/rehearsal/test_demo.py",
    "intact function package": "wants wheels for Lambda; see tests/adapters/test_bundle.py",
    "intact bench --json": "races all of the algorithms for minutes; see test_bench.py",
}
"""How lines begin that are not run, and why."""
EXIT: dict[str, int] = {
    "intact audit described-job.json --computed": 3,  # the sources alone
    "intact audit described-job.json --offline": 3,  # as above
    "intact plan --manifest m.csv": 3,  # nobody was asked
}
"""How lines begin that do not end with 0."""
AFTER = {
    "intact audit copied/job.json": ("copied/job.json", "intact copy s3://lists/large.csv"),
    "intact sum --check": ("photos.sums", "intact sum -r photos > photos.sums"),
}
"""What lines that begin so need, and how the line begins that makes it."""
NEW = {"intact job submit": "job.json.submitted", "intact manifest split": "parts"}
"""What is not there yet when lines that begin so run."""
KEY = "arn:aws:kms:eu-west-1:111122223333:key/k"
AUDITED = "intact-audit-20261122T030000Z"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:intact"
REQUEST = "unchanged.json"
"""The request that was submitted, whatever examples made of ``job.json``."""
OWN = ("my-bucket", "source", "bucket")
"""Buckets that no other test speaks of."""
COPYING = ("intact copy", "copied/", "job confirm", "job watch", "job submit")
RUN = sorted(
    (line for line in LINES if not line.startswith(tuple(NOT_RUN))),
    key=lambda line: any(words in line for words in COPYING),
)
"""Those that copy anew come last: what is written a minute after a job is not taken for its own."""


def table(columns: Sequence[str], carried: str = "Size") -> bytes:
    """A manifest of the album, with these columns; Ignore ones hold what is carried."""
    text = ""
    for name, body in ALBUM.items():
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        size = str(len(body))
        cells = {
            "Bucket": "photos",
            "Key": f"2026/{name.replace(' ', '%20')}",
            "Size": size,
            "VersionId": "null",
        }
        cells["Ignore"] = digest if carried == "SHA256" else size
        text += ",".join(cells.get(column, "") for column in columns) + "\n"
    return text.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that the examples name.

    Attributes:
        folder: Where they run.
        environment: Theirs.
        s3: Client of the store.
        control: Client of the endpoint.
        ids: Ids of ended jobs, by what the examples call them.
    """

    folder: Path
    environment: dict[str, str]
    s3: S3Client
    control: S3ControlClient
    ids: dict[str, str]

    def run(self, line: str, *, code: int = 0) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(  # noqa: S603 - our own pages
            ["bash", "-euo", "pipefail", "-c", line],  # noqa: S607 - from PATH
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == code, f"{line}\n{result.stdout}{result.stderr}"
        return result

    def put(self, bucket: str, key: str, body: bytes) -> str:
        return self.s3.put_object(Bucket=bucket, Key=key, Body=body)["ETag"].strip('"')

    def lay(self, files: dict[str, bytes]) -> None:
        for name, body in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)

    def request(self, operation: dict[str, Any], **members: Any) -> dict[str, Any]:  # noqa: ANN401 - a request's members
        etag = self.put("lists", "job.csv", table(("Bucket", "Key")))
        location = {"ObjectArn": f"{ARN}lists/job.csv", "ETag": etag}
        manifest = JOB["Manifest"] | {"Location": location}
        token = {"ClientRequestToken": str(uuid4())}
        report = {"Report": JOB["Report"] | {"ExpectedBucketOwner": "0" * 12}}  # LocalStack's own
        return JOB | {"Operation": operation, "Manifest": manifest} | report | token | members

    def job(self, operation: dict[str, Any]) -> Mapping[str, Any]:
        """Run a job to its end; what DescribeJob says of it."""
        job_id = self._settled(self.request(operation, ConfirmationRequired=False))
        return describe_job(self.control, account_id=ACCOUNT, job_id=job_id)

    def waiting(self) -> str:
        """Id of a job that waits for its confirmation."""
        return self._settled(self.request(JOB["Operation"]))

    def _settled(self, request: Mapping[str, Any]) -> str:
        """Id of a job that has ended, or waits for somebody."""
        job_id = submit(self.control, request)
        wait(self.control, account_id=ACCOUNT, job_id=job_id, poll_seconds=0.01, timeout_seconds=60)
        return job_id


@pytest.fixture(scope="module")
def world(
    s3: S3Client,
    s3_server: str,
    session: boto3.Session,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    functions = load_functions({FUNCTION: "intact.adapters.function:handler"})
    with (
        pytest.MonkeyPatch.context() as patch,
        furnished(s3, folder, more=OWN, functions=functions) as endpoint,
    ):
        patch.setenv("AWS_ENDPOINT_URL_S3", s3_server)  # which the function reads
        environment = surroundings(folder, s3=s3_server, control=endpoint.url)
        environment |= {"HOME": str(folder), "COLUMNS": "100", "AWS_REGION": "us-east-1"}
        control = s3control_client(session, endpoint_url=endpoint.url, region="us-east-1")
        world = World(folder=folder, environment=environment, s3=s3, control=control, ids={})
        furnish(world)
        yield world
        control.close()


def furnish(world: World) -> None:
    folder, s3 = world.folder, world.s3
    for name in ALBUM:
        path = folder / "album" / name
        for place in (f"photos/2026/{name}", f"source/2026/{name}", f"bucket/photos/{name}"):
            upload(path, f"s3://{place}", client=s3)
    upload(folder / "album/cat.jpg", "s3://my-bucket/photos/cat.jpg", client=s3)
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            archive.add(folder / "album/cat.jpg", arcname="cat.jpg")
        world.put("my-bucket", "backup.tar", file.getvalue())
    inventory(world)
    shutil.copytree(folder / "album", folder / "photos")
    shutil.copy(folder / "album/cat.jpg", folder / "cat.jpg")
    for name in (".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"):
        (folder / name).mkdir(parents=True)
    key = Ed25519PrivateKey.generate()
    sums = "".join(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in ALBUM.items())
    prices = resources.files("intact.batch").joinpath("prices.json").read_bytes()
    world.lay(
        {
            "film.mp4": bytes(9 << 20),
            "SHA256SUMS": sums.encode(),
            "ours.json": prices,
            "auditor.key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            "auditor.pem": key.public_key().public_bytes(
                Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
            ),
        }
    )
    jobs(world)
    records = many(6)
    written(folder / "shard-1/ledger", records[:3])
    written(folder / "shard-2/ledger", records[3:])
    (folder / "audit").mkdir()
    copied(folder / "audit/ledger")
    world.run(f"intact audit job.record --sign-key auditor.key --out {AUDITED}")
    for day in ("monday", "tuesday"):
        shutil.copytree(folder / AUDITED, folder / day)


def jobs(world: World) -> None:
    """Run the jobs that the examples are about, and keep what AWS would have said."""
    copy = world.job(JOB["Operation"])
    compute = world.job({"S3ComputeObjectChecksum": {"ChecksumAlgorithm": "CRC64NVME"}})
    arguments = {"TargetResource": f"{ARN}copies"}
    invoke = world.job(
        {
            "LambdaInvoke": {
                "FunctionArn": FUNCTION,
                "InvocationSchemaVersion": "2.0",
                "UserArguments": arguments,
            }
        }
    )
    for name, job in (("described", copy), ("compute", compute), ("invoke", invoke)):
        world.lay({f"{name}-job.json": json.dumps(job, default=str).encode()})
    world.ids.update(COPY_JOB_ID=copy["Job"]["JobId"], INVOKE_JOB_ID=invoke["Job"]["JobId"])
    request = world.request(JOB["Operation"])
    del request["ClientRequestToken"]  # which derives from the content
    body = json.dumps(request).encode()
    world.lay({"job.json": body, REQUEST: body})
    world.run("intact job submit job.json --start && intact job watch job.json.submitted")
    shutil.copy(world.folder / "job.json.submitted", world.folder / "job.record")


def inventory(world: World) -> None:
    """An S3 Inventory of the photos, as CSV."""
    body = gzip.compress(table(("Bucket", "Key", "Size")))
    world.put("lists", "inv/data.csv.gz", body)
    listing = {"key": "inv/data.csv.gz", "size": len(body)}
    listing["MD5checksum"] = hashlib.md5(body, usedforsecurity=False).hexdigest()
    manifest = {
        "sourceBucket": "photos",
        "destinationBucket": f"{ARN}lists",
        "version": "2016-11-30",
        "creationTimestamp": "1763769600000",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [listing],
    }
    world.put("lists", "inv/manifest.json", json.dumps(manifest).encode())


def spelled_out(line: str, world: World) -> str:
    """The line with what people fill in, and the addresses of this run."""
    waits = re.search(r"intact job (cancel|confirm|priority)", line)
    words = {
        "6a4d1f20-...": world.ids["COPY_JOB_ID"],
        "--carried SHA256 ...": f"--carried SHA256 --target-resource {ARN}copies",
        **world.ids,
        " JOB_ID": f" {world.waiting() if waits else world.ids['COPY_JOB_ID']}",
        "KEY_ARN": KEY,
    }
    for word, value in words.items():
        line = line.replace(word, value)
    return line


def lay_out(line: str, world: World) -> None:
    """The files that the line names, as the lines before it may have changed them."""
    columns = re.search(r"--(?:columns|fields) (\S+)", line)
    carried = re.search(r"--carried (\S+)", line)
    names = columns[1].split(",") if columns else ["Bucket", "Key"]
    rows = table(names, carried[1] if carried else "Size")
    request = (world.folder / REQUEST).read_bytes()
    world.lay(
        {
            "m.csv": rows,
            "list.csv": rows,
            "parts/large-00001.csv": table(("Bucket", "Key", "Size")),
            "job.json": request,
            "job.json.submitted": (world.folder / "job.record").read_bytes(),
            "job.yaml": yaml.safe_dump(json.loads(request)).encode(),
        }
    )
    world.put("lists", "m.csv", rows)
    world.put("lists", "large.csv", table(("Bucket", "Key")))
    for start, name in NEW.items():
        if line.startswith(start):
            world.run(f"rm -r {name}")
    for ledger in world.folder.glob("intact-audit-*Z"):  # named by the second, and kept apart so
        if ledger.name != AUDITED:
            shutil.rmtree(ledger)


@pytest.mark.parametrize("line", RUN, ids=[line[:60] for line in RUN])
def test_an_example_runs(line: str, world: World) -> None:
    lay_out(line, world)
    for start, (needed, maker) in AFTER.items():
        if line.startswith(start) and not (world.folder / needed).exists():
            [first] = [each for each in RUN if each.startswith(maker)]
            world.run(first)
    codes = [code for start, code in EXIT.items() if line.startswith(start)]
    world.run(spelled_out(line, world), code=codes[0] if codes else 0)


def test_most_examples_run_and_those_that_do_not_say_why() -> None:
    assert len(RUN) > 0.8 * len(LINES)
    for start, reason in NOT_RUN.items():
        assert [line for line in LINES if line.startswith(start)], start
        assert len(reason.split()) > 3
