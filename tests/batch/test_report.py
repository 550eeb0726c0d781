"""Reports as S3 writes them, as its documents show them, and damaged: no row is lost."""

import csv
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.batch import MalformedRow, ReportManifest, TaskResult, TaskStatus, read_results
from intact.batch.report import SCHEMA, ReportPart
from intact.errors import FormatError
from intact.s3 import ObjectRef
from tests.strategies import task_results, texts

MESSAGE = (
    '{"checksum_base64":"Jc59MrAghVY=","ETag":"4e166f","checksumAlgorithm":"CRC64NVME",'
    '"checksumType":"FULL_OBJECT","checksum_hex":"25CE7D32B0208556"}'
)
COMPUTED = f"bkt,path/file.tif,,succeeded,200,,{json.dumps(MESSAGE)}\r\n".replace('\\"', '""')
pieces = st.sampled_from(
    [b'"', b'"', b",", b",", b",", b"\r", b"\n", b"succeeded", b"404", b"a", b"\xff", b"%F0"]
)
well_formed = task_results.map(lambda result: result.row().encode())
garbage = st.lists(pieces, max_size=20).map(b"".join)
files = st.lists(well_formed | garbage, max_size=6).map(b"".join)


def read(file: bytes) -> list[TaskResult | MalformedRow]:
    return list(read_results(split(file)))


def split(file: bytes) -> list[bytes]:
    """Lines as a binary file yields them: a carriage return alone ends none."""
    lines = [line + b"\n" for line in file.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return [line for line in lines if line]


def one(row: str) -> TaskResult:
    [result] = read(row.encode())
    assert isinstance(result, TaskResult), result
    return result


def malformed(row: bytes) -> MalformedRow:
    [result] = read(row)
    assert isinstance(result, MalformedRow), result
    return result


def characters(result: TaskResult | MalformedRow) -> Counter[str]:
    """What a value holds of its row, but for the punctuation of CSV."""
    if isinstance(result, MalformedRow):
        text = result.text
    else:
        code = "" if result.http_status is None else f"{result.http_status:03}"
        cells = [result.bucket, result.raw_key, result.version_id or "", result.status.value]
        text = "".join([*cells, code, result.error_code, result.message])
    return Counter(text) - Counter(dict.fromkeys('",\r\n', len(text)))


@given(results=st.lists(task_results, max_size=6))
def test_reading_undoes_writing(results: list[TaskResult]) -> None:
    assert read("".join(result.row() for result in results).encode()) == results


@given(file=files)
def test_no_character_of_a_report_is_lost(file: bytes) -> None:
    text = file.decode("utf-8", "surrogateescape")
    kept = sum((characters(result) for result in read(file)), Counter[str]())
    assert kept == Counter(text) - Counter(dict.fromkeys('",\r\n', len(text)))


@given(file=files)
def test_every_physical_line_belongs_to_one_row(file: bytes) -> None:
    lines = split(file)
    taken = [0]

    def counted() -> Any:  # noqa: ANN401 - a generator of lines
        for line in lines:
            taken[-1] += 1
            yield line

    for result in read_results(counted()):
        first = sum(taken[:-1]) + 1
        assert not isinstance(result, MalformedRow) or result.line == first
        taken.append(0)
    assert sum(taken) == len(lines)
    assert taken.pop() == 0
    assert 0 not in taken


@given(good=st.lists(task_results, min_size=1, max_size=3), text=texts)
def test_a_damaged_line_does_not_hide_its_neighbours(good: list[TaskResult], text: str) -> None:
    damage = text.replace('"', "").replace("\n", "").replace("\r", "") + "\r\n"
    rows = [result.row() for result in good]
    *before, row = read("".join([*rows, damage]).encode())
    *_, after = read("".join([damage, *rows]).encode())
    assert before == good
    assert isinstance(row, MalformedRow)
    assert after == good[-1]


def test_a_row_is_written_as_s3_writes_it() -> None:
    result = TaskResult(
        bucket="bkt",
        raw_key="path/file.tif",
        version_id=None,
        status=TaskStatus.SUCCEEDED,
        http_status=200,
        error_code="",
        message=MESSAGE,
    )
    assert result.row() == COMPUTED
    assert one(COMPUTED) == result


def test_the_key_of_a_row_is_kept_as_the_manifest_spells_it() -> None:
    result = one("b,pct%2520literal.txt,v,succeeded,200,,Successful\r\n")
    assert result.raw_key == "pct%2520literal.txt"
    assert result.source() == ObjectRef(bucket="b", key="pct%20literal.txt", version_id="v")


def test_unescaped_quotes_in_a_message_are_read() -> None:
    row = 'b,k,,failed,200,PermanentFailure,"Lambda returned function error: {"errorMessage":"x"}"'
    assert one(row).message == 'Lambda returned function error: {"errorMessage":"x"}'


def test_commas_in_a_bare_message_are_read() -> None:
    assert one('b,k,,failed,404,NoSuchKey,Task "t", Key not found').message == (
        'Task "t", Key not found'
    )
    assert one("b,k,,failed,404,NoSuchKey,not here, not there").message == "not here, not there"


@pytest.mark.parametrize("columns", ["404,NoSuchKey", "NoSuchKey,404"])
def test_status_code_and_error_code_may_be_swapped(columns: str) -> None:
    result = one(f"b,k,,failed,{columns},gone\r\n")
    assert (result.http_status, result.error_code) == (404, "NoSuchKey")


def test_a_number_in_both_columns_stands_in_the_order_of_real_reports() -> None:
    result = one("b,k,,failed,200,404,gone\r\n")
    assert (result.http_status, result.error_code) == (200, "404")


def test_a_row_may_lack_its_status_code() -> None:
    result = one("b,k,,failed,,TemporaryFailure,gone\r\n")
    assert (result.http_status, result.error_code) == (None, "TemporaryFailure")


def test_a_message_may_span_lines() -> None:
    first, second = read(
        b'b,k,,failed,200,X,"one\r\n\r\ntwo, ""three"""\r\nb,l,,succeeded,200,,\r\n'
    )
    assert isinstance(first, TaskResult)
    assert isinstance(second, TaskResult)
    assert first.message == 'one\r\n\r\ntwo, "three"'
    assert second.raw_key == "l"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b"", "the row has 1 columns; wanted 7"),
        (b"b,k,,succeeded,200,", "the row has 6 columns; wanted 7"),
        (b"b,k,,done,200,,", "TaskStatus is 'done'; wanted 'succeeded' or 'failed'"),
        (b"b,k,,Succeeded,200,,", "TaskStatus is 'Succeeded'"),
        (b"b,k,,failed,OK,X,", "HTTPStatusCode is 'OK'; wanted three digits"),
        (b"b,k,,failed,2000,X,", "HTTPStatusCode is '2000'; wanted three digits"),
        (b"b,k,,failed,%b,X," % (b"9" * 5000), "wanted three digits"),
        ("b,k,,failed,²²²,X,".encode(), "wanted three digits"),
        (b'b,k,,failed,200,X,"open', "the row is no CSV: unexpected end of data"),
        (b",k,,succeeded,200,,", "an empty bucket or key"),
        (b"b,,,succeeded,200,,", "an empty bucket or key"),
        (b"b,%FF,,succeeded,200,,", "wanted the URL-encoded form of UTF-8"),
        (b"b,k,,succeeded,200,,\xff", "bytes that are no UTF-8"),
        (b'"b"x,k,,succeeded,200,,', "the row is no CSV: "),
        (b'"b",k,,succeeded,200,,m\rn', "the row is no CSV: "),
        (b'b,k,,failed,200,X,"one\r\nb,l,,failed,404,Y,"two"', "the row is no CSV: "),
        (
            b'b,k,,failed,200,X,"open\r\nb,l,,failed,404,Y,',
            "the row is no CSV: unexpected end of data",
        ),
    ],
)
def test_a_malformed_row_is_kept_with_what_is_wrong(row: bytes, problem: str) -> None:
    result = malformed(row + b"\r\n")
    assert problem in result.problem
    assert (result.line, result.text.encode("utf-8", "surrogateescape")) == (1, row)


@pytest.mark.parametrize("end", ["\n", '""\n'])
def test_an_unclosed_quote_damages_no_more_than_one_cell_may_hold(end: str) -> None:
    count = csv.field_size_limit() // end.count("\n") + 1
    file = 'b,k,,failed,200,X,"' + end * count + "b,l,,succeeded,200,,\n"
    first, *_, last = read(file.encode())
    assert isinstance(first, MalformedRow)
    assert isinstance(last, TaskResult)
    assert last.raw_key == "l"


MANIFEST: dict[str, Any] = {
    "Format": "Report_CSV_20180820",
    "ReportCreationDate": "2026-01-24T01:26:27.366827532Z",
    "Results": [
        {
            "TaskExecutionStatus": "succeeded",
            "Bucket": "rep",
            "MD5Checksum": "83b1d0b1f8d0f0f5f7f1f0a1b2c3fd6e",
            "Key": "audit/job-1/results/6217.csv",
        }
    ],
    "ReportSchema": SCHEMA,
}
manifests = st.builds(
    ReportManifest,
    created=texts,
    parts=st.lists(
        st.builds(
            ReportPart, bucket=texts, key=texts, md5=texts, status=st.sampled_from(TaskStatus)
        ),
        max_size=3,
    ).map(tuple),
)


@given(manifest=manifests)
def test_reading_a_manifest_undoes_writing(manifest: ReportManifest) -> None:
    assert ReportManifest.parse(manifest.write()) == manifest


def test_a_manifest_of_s3_is_read_and_written_alike() -> None:
    manifest = ReportManifest.parse(json.dumps(MANIFEST).encode())
    assert manifest.created == "2026-01-24T01:26:27.366827532Z"
    assert manifest.parts == (
        ReportPart(
            bucket="rep",
            key="audit/job-1/results/6217.csv",
            md5="83b1d0b1f8d0f0f5f7f1f0a1b2c3fd6e",
            status=TaskStatus.SUCCEEDED,
        ),
    )
    assert json.loads(manifest.write()) == MANIFEST


@pytest.mark.parametrize("missing", ["Format", "ReportCreationDate", "Results"])
def test_a_manifest_without_an_essential_member_is_refused(missing: str) -> None:
    members = {name: value for name, value in MANIFEST.items() if name != missing}
    with pytest.raises(FormatError, match=f"report manifest.json: KeyError.*{missing}"):
        ReportManifest.parse(json.dumps(members).encode())


@pytest.mark.parametrize("missing", ["TaskExecutionStatus", "Bucket", "MD5Checksum", "Key"])
def test_a_part_without_an_essential_member_is_refused(missing: str) -> None:
    part = {name: value for name, value in MANIFEST["Results"][0].items() if name != missing}
    with pytest.raises(FormatError, match=missing):
        ReportManifest.parse(json.dumps(MANIFEST | {"Results": [part]}).encode())


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b'{"Format"',
        json.dumps(MANIFEST | {"Format": "Report_CSV_20300101"}).encode(),
        json.dumps(MANIFEST | {"Results": [{"TaskExecutionStatus": "half"}]}).encode(),
        json.dumps(MANIFEST | {"Results": [7]}).encode(),
    ],
)
def test_what_is_no_manifest_of_a_report_is_refused(document: bytes) -> None:
    with pytest.raises(FormatError, match=r"report manifest\.json: "):
        ReportManifest.parse(document)
