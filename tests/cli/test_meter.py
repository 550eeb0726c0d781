"""The bar: only on a terminal, only after a second, and gone afterwards."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from intact.cli import meter as meter_module
from intact.cli.meter import Meter

if TYPE_CHECKING:
    import pytest


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, *, patience: float) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(meter_module, "PATIENCE", patience)
    with Meter("hashing") as meter:
        meter.add(1 << 20)
        meter.add(1 << 20)
        with meter.hidden():
            stream.write("<a line>")
    return stream.getvalue()


def test_a_terminal_sees_a_bar_around_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawn(Terminal(), monkeypatch, patience=-1)
    assert "hashing" in text
    assert "<a line>" in text
    assert "2.0" in text


def test_what_is_quick_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(Terminal(), monkeypatch, patience=60) == "<a line>"


def test_a_pipe_sees_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(io.StringIO(), monkeypatch, patience=-1) == "<a line>"


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = drawn(Terminal(), monkeypatch, patience=-1)
    assert "hashing" in text
    assert "\x1b[3" not in text
