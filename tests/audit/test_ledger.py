"""What frames the records: header, chain of segments, seal."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.audit import Counts, Policy, Window
from intact.audit.ledger import (
    FINDINGS,
    HEADER,
    LEDGER,
    SEAL,
    SEGMENTS,
    SLICE,
    Header,
    Seal,
    Segment,
    Server,
    Signature,
    sha256,
)
from intact.errors import FormatError
from tests.worlds import policies

GOLDEN = Path(__file__).parents[1] / "vectors" / "ledger-v3"
MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
DIGEST = "ab" * 32
SEAL_OF_NOTHING = Seal(
    header=DIGEST, root=DIGEST, segments=0, records=0, counts=Counts(manifest_rows=0)
)


def header(policy: Policy, subject: str = "job\n") -> Header:
    return Header(policy=policy, subject=subject, created=MOMENT, intact="0.1")


def segments(*rows: tuple[int, int]) -> list[Segment]:
    found: list[Segment] = []
    for first, last in rows:
        found.append(
            Segment.link(
                found[-1].chain if found else DIGEST,
                name=f"{first}.parquet",
                first=first,
                last=last,
                rows=1 + last - first,
                sha256=sha256(f"{first}".encode()),
            )
        )
    return found


@given(policies, st.text())
def test_a_header_survives(policy: Policy, subject: str) -> None:
    written = header(policy, subject)
    assert Header.decode(written.encode()) == written


@given(policies, policies)
def test_headers_differ_where_the_terms_do(one: Policy, other: Policy) -> None:
    assert bool(header(one).differences(header(other))) == (one != other)


def test_another_subject_is_another_audit_and_another_moment_is_not() -> None:
    ours = header(Policy(reported=True, versioned=True))
    assert not ours.differences(replace(ours, created=datetime.now(UTC)))
    [difference] = ours.differences(replace(ours, subject="another"))
    assert difference == "subject is job\n; wanted another"
    assert ours.differences(replace(ours, intact="0.2")) == ["intact is 0.1; wanted 0.2"]
    assert ours.differences(replace(ours, inputs=("x",))) == ["inputs is (); wanted ('x',)"]
    assert ours.differences(replace(ours, bound=("x",))) == ["bound is (); wanted ('x',)"]


def test_what_binds_an_audit_survives() -> None:
    bound = replace(header(Policy(reported=True, versioned=True)), bound=("copies=s3://b/*", ""))
    assert Header.decode(bound.encode()) == bound


def test_a_window_keeps_how_far_clocks_may_differ() -> None:
    window = Window(begin=MOMENT, end=MOMENT, skew=timedelta(seconds=1.5))
    written = header(Policy(reported=True, versioned=True, window=window))
    assert Header.decode(written.encode()) == written


ADDRESSES = st.none() | st.sampled_from(["http://127.0.0.1:9000", "https://[::1]:1/a%20b"])


@given(ADDRESSES, ADDRESSES, st.booleans())
def test_a_header_says_on_which_server(s3: str | None, control: str | None, ended: bool) -> None:  # noqa: FBT001 - drawn
    server = Server(endpoint_url=s3, control_endpoint_url=control, ended=ended)
    usual = header(Policy(reported=True, versioned=True))
    ours = replace(usual, server=server)
    assert Header.decode(ours.encode()) == ours
    assert b"server" not in usual.encode()
    differences = [f"endpoint_url is {s3}; wanted None"] if s3 else []
    assert ours.differences(usual) == differences


def on_server(server: str) -> Header:
    text = header(Policy(reported=True, versioned=True)).encode()
    return Header.decode(text.replace(b'"subject"', f'"server":{server},"subject"'.encode()))


@pytest.mark.parametrize(
    ("server", "problem"),
    [
        ("[]", "not of a ledger"),
        ('{"endpoint_url":"http://h;rm -r ~"}', "address is 'http://h;rm -r ~'; wanted http"),
        ('{"endpoint_url":"ftp://h"}', "address is 'ftp://h'; wanted http"),
        ('{"endpoint_url":"http://h\\n"}', "address is 'http://h"),
        ('{"endpoint_url":1}', "address is 1; wanted http"),
        ('{"control_endpoint_url":"http://$(id)"}', "address is 'http://$(id)'; wanted http"),
        ('{"ended":"no"}', "ended is 'no'; wanted true or false"),
        ('{"other":1}', "not of a ledger"),
    ],
)
def test_no_other_words_are_a_server(server: str, problem: str) -> None:
    with pytest.raises(FormatError, match=f"^{re.escape(problem)}"):
        on_server(server)


def test_a_server_of_which_nothing_is_said_is_that_of_aws() -> None:
    usual = Server(endpoint_url=None, control_endpoint_url=None, ended=False)
    assert on_server("{}").server == usual


def test_a_segment_survives() -> None:
    [segment] = segments((1, 5))
    assert Segment.decode(segment.encode()) == segment


@given(st.lists(st.integers(1, 9), min_size=2, max_size=6), st.data())
def test_a_chain_shows_every_change_of_a_line(lengths: list[int], data: st.DataObject) -> None:
    ends = [sum(lengths[: number + 1]) for number in range(len(lengths))]
    chain = segments(*((end - size + 1, end) for end, size in zip(ends, lengths, strict=True)))
    assert all(b.follows(a.chain) for a, b in pairwise(chain))
    victim = data.draw(st.sampled_from(chain))
    name = data.draw(st.sampled_from(["first", "last", "rows", "sha256", "chain"]))
    value: Any = "00" if name in {"sha256", "chain"} else 10_000
    forged = replace(victim, **{name: value})
    changed = [forged if segment is victim else segment for segment in chain]
    links = pairwise([DIGEST, *(segment.chain for segment in changed)])
    assert not all(s.follows(a) for s, (a, _) in zip(changed, links, strict=True))


def test_dropped_repeated_and_moved_lines_do_not_follow() -> None:
    one, two, three = segments((1, 2), (3, 4), (5, 6))
    assert not three.follows(one.chain)
    assert not two.follows(two.chain)
    assert not one.follows(three.chain)


@pytest.mark.parametrize("signature", [None, Signature(public_key="aa", value="bb")])
def test_a_seal_survives(signature: Signature | None) -> None:
    counts = Counts(manifest_rows=3, duplicate_rows=1, report_rows=2, stray_report_rows=1)
    seal = replace(SEAL_OF_NOTHING, counts=counts, signature=signature)
    assert Seal.decode(seal.encode()) == seal


def test_a_signature_signs_all_but_itself() -> None:
    signed = replace(SEAL_OF_NOTHING, signature=Signature(public_key="a", value="b"))
    assert signed.statement() == SEAL_OF_NOTHING.statement()
    assert signed.statement() != replace(signed, records=1).statement()
    name, _, text = signed.statement().partition(b" ")
    unsigned = json.loads(SEAL_OF_NOTHING.encode())
    assert unsigned.pop("signature") is None
    assert (name, json.loads(text)) == (b"intact-ledger", unsigned)
    other = replace(signed, counts=Counts(manifest_rows=0, duplicate_rows=1))
    assert signed.statement() != other.statement()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b"{}",
        b"\xff",
        header(Policy(reported=True, versioned=True)).encode().replace(b'"version":3', b'"v":3'),
        header(Policy(reported=True, versioned=True)).encode().replace(b":3}", b":4}"),
        header(Policy(reported=True, versioned=True)).encode().replace(b"ledger", b"lodger"),
        header(Policy(reported=True, versioned=True)).encode().replace(b"never", b"ever"),
    ],
)
def test_no_other_text_is_a_header(text: bytes) -> None:
    with pytest.raises(FormatError):
        Header.decode(text)


def test_other_words_are_quoted_in_part() -> None:
    with pytest.raises(FormatError, match="^not of a ledger .JSON.*: b'" + "x" * 200 + "'$"):
        Header.decode(b"x" * 201)


def test_a_ledger_of_another_version_says_which() -> None:
    text = header(Policy(reported=True, versioned=True)).encode().replace(b":3}", b":4}")
    with pytest.raises(FormatError, match="is intact-ledger 4; wanted intact-ledger 3"):
        Header.decode(text)


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"first": "1"}, "rows are ('1', 2, 2); wanted numbers"),
        ({"last": "5"}, "rows are (1, '5', 2); wanted numbers"),
        ({"rows": True}, "rows are (1, 2, True); wanted numbers"),
        ({"chain": 3}, "names are ('1.parquet', "),
        ({"sha256": 3}, "names are ('1.parquet', 3, "),
        ({"name": 3}, "names are (3, "),
        ({"name": "../x.parquet"}, "names are ('../x.parquet', "),
        ({"name": "/x.parquet"}, "names are ('/x.parquet', "),
        ({"name": "x"}, "names are ('x', "),
        ({"more": 1}, "not of a ledger"),
    ],
    ids=str,
)
def test_no_other_line_is_a_segment(members: dict[str, object], problem: str) -> None:
    line = json.loads(segments((1, 2))[0].encode()) | members
    with pytest.raises(FormatError, match=f"^{re.escape(problem)}"):
        Segment.decode(json.dumps(line).encode())


@pytest.mark.parametrize("text", [b"{}", b"null", SEAL_OF_NOTHING.encode().replace(b"rows", b"r")])
def test_no_other_text_is_a_seal(text: bytes) -> None:
    with pytest.raises(FormatError):
        Seal.decode(text)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("segments",), "1"),
        (("root",), 1),
        (("counts", "manifest_rows"), None),
        (("counts", "tasks"), "3"),
        (("counts", "all_tasks_reported"), 1),
        (("signature", "value"), 1),
    ],
    ids=str,
)
def test_what_a_seal_holds_is_of_its_type(path: tuple[str, ...], value: object) -> None:
    document = place = json.loads(SEAL_OF_NOTHING.encode())
    document["signature"] = {"public_key": "", "value": ""}
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(FormatError, match=f"^{path[-1]} is .*; wanted (int|str|bool)"):
        Seal.decode(json.dumps(document).encode())


@pytest.mark.parametrize("member", [{"subject": 1}, {"intact": None}, {"inputs": [1]}])
def test_what_a_header_says_is_text(member: dict[str, object]) -> None:
    document = json.loads(header(Policy(reported=True, versioned=True)).encode()) | member
    with pytest.raises(FormatError, match="wanted text"):
        Header.decode(json.dumps(document).encode())


def test_a_ledgers_names_on_disk_stay_what_they_are() -> None:
    names = (LEDGER, HEADER, SEGMENTS, FINDINGS, SEAL, SLICE)
    files = ("header.json", "segments.jsonl", "findings", "seal.json")
    assert names == ("ledger", *files, "slice-")


def test_the_stored_frame_is_what_is_written_today() -> None:
    text = (GOLDEN / HEADER).read_bytes()
    assert Header.decode(text).encode() == text
    seal = (GOLDEN / SEAL).read_bytes()
    assert Seal.decode(seal).encode() == seal
    chain = Seal.decode(seal).header
    assert chain == sha256(text)
    lines = (GOLDEN / SEGMENTS).read_bytes().splitlines(keepends=True)
    assert len(lines) == 2
    for line in lines:
        segment = Segment.decode(line)
        assert segment.encode() == line
        assert segment.follows(chain)
        assert sha256((GOLDEN / FINDINGS / segment.name).read_bytes()) == segment.sha256
        chain = segment.chain
    assert chain == Seal.decode(seal).root
