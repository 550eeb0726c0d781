import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.checksum import Algorithm
from intact.checksum.encoding import crc_of, decode, digest_of, encode
from intact.errors import FormatError
from tests.strategies import algorithms

CRC32 = Algorithm.CRC32


@given(data=st.data(), algorithm=algorithms)
def test_decoding_undoes_encoding(data: st.DataObject, algorithm: Algorithm) -> None:
    size = algorithm.digest_size
    digest = data.draw(st.binary(min_size=size, max_size=size))
    assert decode(encode(digest), algorithm=algorithm) == digest


def test_a_value_is_written_in_the_standard_alphabet_with_padding() -> None:
    assert encode(b"\xfb\xef\xff\xff") == "++///w=="


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "AAAA",
        "AAAAAAAA",
        "AAAAAA",
        "AAAAAA=",
        "AAAAAA===",
        "AAAAAB==",
        "AAAAAA==\n",
        " AAAAAA==",
        "AAAA\nAA==",
        "--___w==",
        "AAAAA==A",
        "AAAAAÄ==",
        "00000000",
    ],
)
def test_only_the_canonical_form_of_the_right_length_is_read(encoded: str) -> None:
    with pytest.raises(FormatError, match=r"CRC32 value is .*; wanted"):
        decode(encoded, algorithm=CRC32)


@given(encoded=st.text("AB/+=-_", max_size=9) | st.text(max_size=9))
def test_what_is_read_is_written_alike(encoded: str) -> None:
    try:
        digest = decode(encoded, algorithm=CRC32)
    except FormatError:
        return
    assert encode(digest) == encoded


def test_a_crc_is_big_endian_at_full_width() -> None:
    assert digest_of(1, algorithm=CRC32) == b"\0\0\0\1"
    assert digest_of(0x0102030405060708, algorithm=Algorithm.CRC64NVME) == bytes(range(1, 9))
    assert crc_of(b"\0\0\1\0") == 256
