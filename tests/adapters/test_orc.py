"""The tail of ORC files: which zone their timestamps are of."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.adapters.orc import writer_zones
from intact.errors import FormatError
from tests.adapters.inventories import needs_orc

if TYPE_CHECKING:
    from pathlib import Path

orc = pytest.importorskip("pyarrow.orc")


def varint(number: int) -> bytes:
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def member(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def chunks(body: bytes, method: int) -> bytes:
    """As ORC packs a stream: here in two chunks, the first of which is left as it is."""
    if method == 0:
        return body
    packer = zlib.compressobj(wbits=-15)
    rest = packer.compress(body[3:]) + packer.flush()
    plain = (3 << 1 | 1).to_bytes(3, "little") + body[:3]
    return plain + (len(rest) << 1).to_bytes(3, "little") + rest


def made(zones: list[str | None], *, method: int, magic: bytes = b"ORC") -> bytes:
    """A file of which all but the tail is nothing."""
    body, stripes = b"ORC", b""
    for zone in zones:
        told = member(1, b"a stream") + member(2, b"an encoding")
        told += varint(9 << 3 | 1) + b"8 bytes " + varint(10 << 3 | 5) + b"four"
        told += member(3, zone.encode()) if zone is not None else b""
        packed = chunks(told, method)
        begin = len(body)
        body += b"index" + b"the data" + packed
        sizes = [(1, begin), (2, 5), (3, 8), (4, len(packed)), (5, 1)]
        stripes += member(3, b"".join(member(number, size) for number, size in sizes))
    footer = chunks(member(1, 3) + stripes + member(6, len(zones)), method)
    postscript = member(1, len(footer)) + member(2, method) + member(8000, magic)
    return body + footer + postscript + bytes([len(postscript)])


@pytest.mark.parametrize("method", [0, 1])
@pytest.mark.parametrize(
    "zones", [[], ["UTC"], [None], ["UTC", "America/Los_Angeles", None, "UTC"]], ids=str
)
def test_each_stripe_names_its_zone(zones: list[str | None], method: int, tmp_path: Path) -> None:
    path = tmp_path / "rows.orc"
    path.write_bytes(made(zones, method=method))
    assert writer_zones(path) == set(zones)


@needs_orc
@pytest.mark.parametrize("compression", ["uncompressed", "zlib"])
def test_what_another_program_wrote_is_read(compression: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.orc"
    moments = pa.array([datetime(2026, 7, 1, tzinfo=UTC)] * 5000, pa.timestamp("ns", "UTC"))
    wall = moments.cast(pa.timestamp("ns"))
    with orc.ORCWriter(path, compression=compression, stripe_size=1024) as writer:
        for _ in range(3):
            writer.write(pa.table({"t": wall}))
    assert writer_zones(path) == {"GMT"}


@pytest.mark.parametrize("compression", ["snappy", "lz4", "zstd"])
def test_compression_of_another_method_is_named(compression: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.orc"
    orc.write_table(pa.table({"k": ["k"]}), path, compression=compression)
    with pytest.raises(FormatError, match=r"rows\.orc: .* not ZLIB"):
        writer_zones(path)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\xff",
        b"ORC\x03",
        made(["UTC"], method=0, magic=b"CRO"),
        made(["UTC"], method=1)[:-1],
        member(1, b"text") + member(8000, b"ORC") + b"\x0d",
    ],
    ids=repr,
)
def test_what_is_no_orc_is_refused(body: bytes, tmp_path: Path) -> None:
    path = tmp_path / "rows.orc"
    path.write_bytes(body)
    with pytest.raises(FormatError, match=r"rows\.orc: .*wanted an ORC file's tail"):
        writer_zones(path)


@given(data=st.data())
def test_a_spoilt_tail_never_names_another_error(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    body = bytearray(made(["UTC", None], method=data.draw(st.sampled_from([0, 1]))))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("spoilt") / "rows.orc"
    path.write_bytes(
        body[: data.draw(st.integers(0, len(body)))] if data.draw(st.booleans()) else body
    )
    try:
        zones = writer_zones(path)
    except FormatError:
        return
    assert all(zone is None or isinstance(zone, str) for zone in zones)
