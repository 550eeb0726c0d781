import pytest
from hypothesis import given

from intact.batch.rows import require_utf8
from intact.errors import FormatError
from tests.strategies import texts


@given(text=texts)
def test_text_of_utf_8_passes(text: str) -> None:
    require_utf8(text)


@pytest.mark.parametrize("raw", [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\x80"])
def test_bytes_that_were_no_utf_8_are_refused(raw: bytes) -> None:
    with pytest.raises(FormatError, match="bytes that are no UTF-8"):
        require_utf8(raw.decode("utf-8", "surrogateescape"))
