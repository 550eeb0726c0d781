"""Generated inputs of an offline audit, as awkward as S3 and its attackers can make them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from intact.adapters.offline.inputs import ComputedInput, Inputs, InventoryInput, Of
from intact.audit import Policy, Subject, Window
from intact.batch import S3PutObjectCopy
from intact.batch.manifest import ManifestFormat
from intact.checksum import Algorithm, new
from intact.checksum.encoding import encode
from intact.s3 import ObjectRef, encode_key
from tests.strategies import AWKWARD_KEYS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BEGIN = datetime(2026, 11, 22, 3, tzinfo=UTC)
WINDOW = Window(begin=BEGIN, end=BEGIN + timedelta(hours=1))
MOMENTS = [BEGIN + timedelta(minutes=m) for m in (-600, -2, -1, 0, 30, 30, 60, 61, 62, 900)]
SCHEMA = (
    *("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", "Size", "LastModifiedDate"),
    *("ETag", "StorageClass", "EncryptionStatus"),
)
BODIES = (b"", b"one", b"two", b"six")


@dataclass(kw_only=True)
class World:
    """Inputs on disk, and who they are about."""

    subject: Subject
    policy: Policy
    inputs: Inputs
    destination: ObjectRef
    refs: list[ObjectRef] = field(default_factory=list)


def digest(random: Random, algorithm: Algorithm) -> bytes:
    return new(algorithm, random.choice(BODIES)).digest()


def etag(random: Random) -> str:
    md5 = digest(random, Algorithm.MD5).hex()
    return random.choice([md5, md5, f"{md5}-2", "opaque-etag", f"{md5}-0"])


def spelt(random: Random, key: str) -> str:
    """One of the ways to spell a key in a manifest."""
    encoded = encode_key(key)
    lower = encoded.replace("%C3", "%c3").replace("%2B", "%2b")
    return random.choice([encoded, encoded, lower])


def csv_row(*cells: object, end: str) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator=end).writerow(cells)
    return line.getvalue().encode("utf-8", "surrogateescape")


def message(random: Random, algorithms: Sequence[Algorithm]) -> str:
    """What a Compute checksum job says, or nearly."""
    algorithm = random.choice(algorithms)
    value = digest(random, algorithm)
    text = encode(value)
    kind = random.choice(["FULL_OBJECT"] * 6 + ["COMPOSITE"])
    hexed = value.hex().upper()
    if random.random() < 0.05:
        hexed = random.choice([hexed.lower(), hexed[:-2], "zz", hexed[:-1] + "g"])
    if kind == "COMPOSITE":
        text += random.choice(["", "-3"])
    members = {
        "checksum_base64": text,
        random.choice(["ETag", "ETag", "etag"]): random.choice(
            [etag(random), etag(random), etag(random), f'"{etag(random)}"', "", "a\\b"]
        ),
        "checksumAlgorithm": algorithm.value,
        "checksumType": kind,
        "checksum_hex": hexed,
    }
    if random.random() < 0.05:
        members.pop(random.choice(list(members)))
    if random.random() < 0.05:
        members = dict(reversed(members.items()))
    spaces = (", ", ": ") if random.random() < 0.1 else (",", ":")
    written = json.dumps(members, separators=spaces)
    return written.replace("=", "\\u003d") if random.random() < 0.3 else written


def forged(random: Random, refs: Sequence[ObjectRef]) -> str:
    """Free text that looks like another row."""
    ref = random.choice(refs)
    row = f"{ref.bucket},{encode_key(ref.key)},{ref.version_id or ''},succeeded,200,,Successful"
    return random.choice(["", "x", 'said "no"', "a,b"]) + f"\n{row}\n"


def report(random: Random, rows: Sequence[Sequence[str]]) -> bytes:
    """A file of a report, some of it damaged."""
    end = random.choice(["\n", "\r\n"])
    found = []
    for row in rows:
        line = csv_row(*row, end=end)
        if random.random() < 0.01:
            line = random.choice(
                [
                    b"\n",
                    line.replace(b",", b"\r,", 1),
                    b'"' + line,
                    line.replace(b"succeeded", b"succeded"),
                    b"only,three,cells" + end.encode(),
                    b"b,k\xff,,succeeded,200,,x" + end.encode(),
                    b"b,%FF,,succeeded,200,,x" + end.encode(),
                    line.replace(b",", b"\x02,", 1),
                    b"\xef\xbb\xbf" + line,
                    line.rstrip() + b' tail "quote' + end.encode(),
                ]
            )
        found.append(line)
    return b"".join(found).removesuffix(random.choice([b"", end.encode()]))


def world(folder: Path, seed: int) -> World:
    """Write the inputs of one audit."""
    random = Random(seed)  # noqa: S311 - no secret
    versioned, reported = random.random() < 0.4, random.random() < 0.8
    sources = ["source-bucket", "other-bucket"][: random.choice([1, 1, 2])]
    target = random.choice(["copies", "copies", sources[0]])
    prefix = random.choice([None, None, "p", "cop/y"])
    window = None if random.random() < 0.1 else WINDOW
    operation = S3PutObjectCopy(target_resource=f"arn:aws:s3:::{target}", target_key_prefix=prefix)
    keys = [*AWKWARD_KEYS, *(f"data/{n}" for n in range(60)), "p/data/1", "cop/y/data/2"]
    copies = operation.destination(ObjectRef(bucket="", key=""))
    fields = ("Bucket", "Key", "VersionId") if versioned else ("Bucket", "Key")
    refs, lines = [], []
    for _ in range(random.choice([1, 90, 200])):
        version = random.choice(["null", "v1", "v1", "v2"]) if versioned else None
        ref = ObjectRef(bucket=random.choice(sources), key=random.choice(keys), version_id=version)
        cells = [ref.bucket, spelt(random, ref.key), *([version] if version else [])]
        line = csv_row(*cells, end="\n")
        if random.random() < 0.03:
            line = random.choice(
                [b"\n", b'"x\n', b"a,b,c,d,e\n", b"b,k+,v\n", b"b,%FF,v\n", b"b,\xff\n", b",\n"]
            )
        else:
            refs.append(ref)
        lines.append(line)
    refs = refs or [
        ObjectRef(bucket=sources[0], key="data/1", version_id="v1" if versioned else None)
    ]
    (folder / "manifest.csv").write_bytes(b"".join(lines))
    subject = Subject(
        name="job",
        operation=operation,
        manifest=ObjectRef(bucket="lists", key="manifest.csv"),
        manifest_etag=None,
        fields=fields,
        report=ObjectRef(bucket="lists", key="report") if reported else None,
        reports_all_tasks=reported,
        window=window,
    )
    destination = ObjectRef(bucket=target, key=copies.key)
    inputs = Inputs(
        manifest=folder / "manifest.csv",
        fields=fields,
        report=_report(folder, random, refs) if reported else None,
        computed=[
            _computed(folder, random, refs, destination, number)
            for number in range(random.choice([0, 1, 2, 2, 3]))
        ],
        inventories=[]
        if window is None
        else [
            _inventory(folder, random, refs, destination, of) for of in Of if random.random() < 0.6
        ],
    )
    policy = Policy(
        reported=reported,
        versioned=versioned,
        algorithm=random.choice([None, None, Algorithm.CRC64NVME]),
        window=window,
    )
    return World(subject=subject, policy=policy, inputs=inputs, destination=destination, refs=refs)


def _report(folder: Path, random: Random, refs: Sequence[ObjectRef]) -> list[Path]:
    rows = []
    for ref in refs:
        for _ in range(random.choice([1] * 12 + [0, 2])):
            failed = random.random() < 0.1
            said = random.choice(
                ["Successful", 'an "odd" one', "", "a,b", "é", forged(random, refs)]
                if random.random() < 0.1
                else ["Successful"]
            )
            status, code = ("failed", "AccessDenied") if failed else ("succeeded", "")
            pair = ["200", code] if random.random() < 0.95 else [code, "200"]
            raw = spelt(random, ref.key)
            rows.append([ref.bucket, raw, ref.version_id or "", status, *pair, said])
    rows += [
        ["source-bucket", random.choice(["stray", "a+b"]), "", "succeeded", "200", "", "x"]
        for _ in range(random.choice([0, 0, 2]))
    ]
    random.shuffle(rows)
    paths = []
    for number in range(2):
        path = folder / f"report{number}.csv"
        path.write_bytes(report(random, rows[number::2]))
        paths.append(path)
    return paths


def _computed(
    folder: Path, random: Random, refs: Sequence[ObjectRef], destination: ObjectRef, number: int
) -> ComputedInput:
    algorithms = random.choice(
        [[Algorithm.CRC64NVME], [Algorithm.SHA256, Algorithm.MD5], [Algorithm.MD5], list(Algorithm)]
    )
    rows = []
    for ref in refs:
        places = [(ref.bucket, ref.key), (destination.bucket, destination.key + ref.key)]
        for bucket, key in random.choice([places, places[:1], places[1:]]):
            for _ in range(random.choice([1] * 10 + [0, 2])):
                version = random.choice(["", "", "", ref.version_id or "v1", "v2", "null"])
                raw = spelt(random, key) if random.random() < 0.98 else key.replace(" ", "+") + "+x"
                if random.random() < 0.05:
                    rest = ["failed", "404", "NoSuchKey", random.choice(["gone", 'a "b"'])]
                else:
                    rest = ["succeeded", "200", "", message(random, algorithms)]
                rows.append([bucket, raw, version, *rest])
                if random.random() < 0.02:
                    rows.append(rows[-1])
    path = folder / f"computed{number}.csv"
    path.write_bytes(report(random, rows))
    begun = random.choice([None, WINDOW.begin, WINDOW.end, WINDOW.end + timedelta(hours=2)])
    written = random.choice([None, ManifestFormat.CSV, ManifestFormat.INVENTORY])
    return ComputedInput(parts=[path], written=written, begun=begun)


def _inventory(
    folder: Path, random: Random, refs: Sequence[ObjectRef], destination: ObjectRef, of: Of
) -> InventoryInput:
    rows = []
    for ref in sorted({(ref.bucket, ref.key) for ref in refs}):  # the same in every run
        bucket, key = ref if of is Of.SOURCE else (destination.bucket, destination.key + ref[1])
        versions = random.choice([["v1"], ["v1", "v2"], [""], ["", "v1"], []])
        for place, version in enumerate(versions):
            marker = random.random() < 0.05
            row = {
                "Bucket": bucket,
                "Key": encode_key(key).replace("%20", "+"),
                "VersionId": version,
                "IsLatest": str(place == 0).lower(),
                "IsDeleteMarker": str(marker).lower(),
                "Size": "" if marker else str(random.choice([0, 3, 3, 3, 4])),
                "LastModifiedDate": f"{random.choice(MOMENTS):%Y-%m-%dT%H:%M:%S}.000Z",
                "ETag": "" if marker else etag(random),
                "StorageClass": random.choice(
                    ["STANDARD", "STANDARD", "GLACIER", "EXPRESS_ONEZONE"]
                ),
                "EncryptionStatus": random.choice(["SSE-S3", "SSE-S3", "SSE-KMS", "NOT-SSE"]),
            }
            line = ",".join(f'"{row[name]}"' for name in SCHEMA) + "\n"
            rows += [line] * random.choice([1] * 20 + [2])
    path = folder / f"{of.value}.csv"
    path.write_text("".join(rows))
    return InventoryInput(of=of, taken=WINDOW.end + timedelta(days=1), parts=[path], schema=SCHEMA)
