"""Whatever is done to a sealed ledger is found, and named."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519

from intact.adapters.ledger import LedgerReader
from intact.adapters.signing import public_key, signer
from intact.adapters.verify import contradictions, problems, words
from intact.adapters.writing import LedgerWriter
from intact.audit import Counts, Evidence, Finding, Level, Reason, Verdict
from intact.audit.ledger import FINDINGS, HEADER, SEAL, SEGMENTS, Seal
from intact.errors import FormatError, UsageError
from tests.ledgers import GOLDEN, RECORDS, copied, many, written
from tests.ledgers import HEADER as HEAD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return copied(tmp_path / "ledger")


def rewritten(change: Callable[[pa.Table], pa.Table]) -> Callable[[Path], None]:
    """Change the second segment, rows 6 to 9, as someone would who knows Parquet."""

    def do(ledger: Path) -> None:
        file = LedgerReader(ledger).files()[1]
        pq.write_table(change(pq.read_table(file)), file)

    return do


def acquitted(table: pa.Table) -> pa.Table:
    at = table.schema.get_field_index("verdict")
    verdicts = pa.array(["verified"] * table.num_rows, pa.string())
    return table.set_column(at, table.schema.field(at), verdicts)


def lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Path], None]:
    def do(ledger: Path) -> None:
        file = ledger / SEGMENTS
        file.write_bytes(b"".join(change(file.read_bytes().splitlines(keepends=True))))

    return do


def text(name: str, old: str, new: str) -> Callable[[Path], None]:
    def do(ledger: Path) -> None:
        content = (ledger / name).read_text()
        assert old in content
        (ledger / name).write_text(content.replace(old, new))

    return do


def gone(name: str) -> Callable[[Path], None]:
    return lambda ledger: (ledger / name).unlink()


def truncated(ledger: Path) -> None:
    file = LedgerReader(ledger).files()[1]
    file.write_bytes(file.read_bytes()[:-1])


def flipped(ledger: Path) -> None:
    file = LedgerReader(ledger).files()[1]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def swapped(ledger: Path) -> None:
    one, two = LedgerReader(ledger).files()
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)


SECOND = "rows-000000000006-000000000009.parquet"
DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "changed verdicts": (
        rewritten(acquitted),
        f"{SECOND}: row 6 is verified (no_result, none); its evidence says not_copied",
    ),
    "a dropped record": (rewritten(lambda t: t.slice(1)), f"{SECOND}: holds 3 records; wanted 4"),
    "a repeated record": (
        rewritten(lambda t: pa.concat_tables([t.slice(0, 1), t])),
        f"{SECOND}: row 6 stands twice",
    ),
    "reordered records": (
        rewritten(lambda t: t.take([1, 0, 2, 3])),
        f"{SECOND}: row 6 stands behind row 7",
    ),
    "a segment truncated": (truncated, f"{SECOND}: was changed, rows 6 to 9"),
    "a bit flipped": (flipped, f"{SECOND}: was changed, rows 6 to 9"),
    "segments swapped": (swapped, f"{SECOND}: was changed, rows 6 to 9"),
    "a segment missing": (gone(f"{FINDINGS}/{SECOND}"), f"{SECOND}: is missing, with rows 6 to 9"),
    "an extra segment": (
        lambda ledger: (ledger / FINDINGS / "x.parquet").touch(),
        "x.parquet: is no segment",
    ),
    "a line changed": (
        lines(lambda found: [found[0], found[1].replace(b'"rows":4', b'"rows":3')]),
        "segments.jsonl line 2: does not follow",
    ),
    "a line dropped": (lines(lambda found: found[1:]), "segments.jsonl line 1: does not follow"),
    "a line repeated": (
        lines(lambda found: [*found, found[1]]),
        "segments.jsonl line 3: does not follow",
    ),
    "lines swapped": (lines(lambda found: found[::-1]), "begins with row 1, behind row 9"),
    "the tail cut off": (lines(lambda found: found[:1]), "its number of records is 5; the seal"),
    "no line of the list": (lines(lambda found: [*found, b"{}\n"]), "segments.jsonl line 3"),
    "no list": (gone(SEGMENTS), "segments.jsonl: is missing"),
    "another header": (text(HEADER, "job/6a4d1f20", "job/00000000"), "header.json: SHA-256 is"),
    "no seal": (gone(SEAL), "seal.json: is missing"),
    "no seal at all": (text(SEAL, '"root"', '"boot"'), "seal.json: not of a ledger"),
    "another root": (text(SEAL, '"root":"', '"root":"1'), "its root is"),
    "another number of segments": (text(SEAL, '"segments":2', '"segments":3'), "segments is 2"),
    "another number of records": (text(SEAL, '"records":9', '"records":8'), "records is 9"),
}


def test_a_ledger_as_it_was_sealed_has_no_problem(tmp_path: Path) -> None:
    assert list(problems(GOLDEN)) == []
    assert list(problems(written(tmp_path, many(25), segment=10).path)) == []


@pytest.mark.parametrize("name", DAMAGE)
def test_every_damage_is_named(ledger: Path, name: str) -> None:
    damage, problem = DAMAGE[name]
    damage(ledger)
    found = list(problems(ledger))
    assert any(problem in sentence for sentence in found), found


def test_the_verdicts_of_a_damaged_segment_that_still_follow_are_not_accused(ledger: Path) -> None:
    rewritten(lambda table: table)(ledger)
    [problem] = problems(ledger)
    assert "was changed" in problem


def test_a_folder_without_header_is_no_ledger(ledger: Path) -> None:
    (ledger / HEADER).unlink()
    with pytest.raises(FormatError, match="is no ledger"):
        list(problems(ledger))


def test_a_verdict_that_does_not_follow_is_found_in_a_ledger_sealed_anew(tmp_path: Path) -> None:
    wrong = RECORDS[4]
    assert wrong.finding.verdict is not Verdict.VERIFIED
    bribed = replace(wrong, finding=RECORDS[0].finding)
    hollow = replace(RECORDS[5], evidence=Evidence())
    records = [RECORDS[0], bribed, hollow]
    reader = written(tmp_path, records)
    assert list(problems(tmp_path)) == []
    found = {record.copy.row: finding for record, finding in contradictions(reader)}
    assert found == {5: wrong.finding, 6: None}
    assert list(contradictions(LedgerReader(GOLDEN))) == []


def test_findings_in_words() -> None:
    finding = Finding(verdict=Verdict.VERIFIED, reason=Reason.EQUAL, level=Level.READ)
    assert words(finding) == "verified (equal, read)"
    assert words(None) == "not enough for a verdict"


class Keys:
    """Key files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ed25519.Ed25519PrivateKey.generate()
        self.private = self.write("private.pem", self._key)
        self.public = folder / "public.pem"
        self.public.write_bytes(pem(self._key.public_key()))

    def write(self, name: str, key: ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey) -> Path:
        path = self.folder / name
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return path


def pem(key: ed25519.Ed25519PublicKey | x25519.X25519PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


@pytest.fixture
def signed_ledger(tmp_path: Path, keys: Keys) -> Path:
    with LedgerWriter(tmp_path / "signed", HEAD) as writer:
        for record in RECORDS:
            writer.append(record)
        writer.seal(Counts(manifest_rows=9), sign=signer(keys.private))
    return tmp_path / "signed"


def test_a_signature_of_the_right_key_holds(signed_ledger: Path, keys: Keys) -> None:
    assert list(problems(signed_ledger, key=keys.public)) == []
    assert list(problems(signed_ledger)) == []


def test_no_signature_and_that_of_another_key_are_problems(
    signed_ledger: Path, keys: Keys, tmp_path: Path
) -> None:
    assert list(problems(GOLDEN, key=keys.public)) == ["seal.json: has no signature"]
    other = tmp_path / "other.pem"
    other.write_bytes(pem(ed25519.Ed25519PrivateKey.generate().public_key()))
    [problem] = problems(signed_ledger, key=other)
    assert "its signature is not of" in problem


@pytest.mark.parametrize("value", ["00" * 64, "no hex", ""])
def test_who_seals_anew_cannot_sign(signed_ledger: Path, keys: Keys, value: str) -> None:
    seal = Seal.decode((signed_ledger / SEAL).read_bytes())
    assert seal.signature is not None
    forged = replace(seal, signature=replace(seal.signature, value=value))
    (signed_ledger / SEAL).write_bytes(forged.encode())
    assert list(problems(signed_ledger)) == []
    assert len(list(problems(signed_ledger, key=keys.public))) == 1


def test_the_signature_covers_the_counts(signed_ledger: Path, keys: Keys) -> None:
    document = json.loads((signed_ledger / SEAL).read_text())
    document["counts"]["stray_report_rows"] = 1
    (signed_ledger / SEAL).write_text(json.dumps(document))
    assert len(list(problems(signed_ledger, key=keys.public))) == 1


def test_other_keys_are_refused(keys: Keys, tmp_path: Path) -> None:
    other = x25519.X25519PrivateKey.generate()
    wrong = tmp_path / "wrong.pem"
    wrong.write_bytes(pem(other.public_key()))
    for path in (keys.public, keys.write("x.pem", other)):
        with pytest.raises(UsageError, match=path.name):
            signer(path)
    for path in (keys.private, wrong):
        with pytest.raises(UsageError, match=path.name):
            public_key(path)


def test_an_encrypted_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "locked.pem"
    path.write_bytes(
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(UsageError, match="locked"):
        signer(path)


def test_without_the_optional_package_it_is_named(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cryptography.exceptions", None)
    with pytest.raises(UsageError, match="pip install cryptography"):
        signer(keys.private)
