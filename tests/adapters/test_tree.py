"""Folders: every file once, in byte order, and nothing left out in silence."""

from __future__ import annotations

import os
from pathlib import Path

from intact.adapters.tree import Found, files_below


def walk(*names: bytes) -> tuple[list[Found], list[tuple[bytes, str | None]]]:
    errors: list[tuple[bytes, str | None]] = []
    found = list(
        files_below(names, on_error=lambda name, error: errors.append((name, error.strerror)))
    )
    return found, errors


def test_files_come_in_byte_order_with_their_paths(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path)
    for name in (b"b", b"a/2", b"a/1", b"a.x", b"caf\xe9", b"new\nline"):
        path = Path(os.fsdecode(root + b"/" + name))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    found, errors = walk(root)
    below = [b"a/1", b"a/2", b"a.x", b"b", b"caf\xe9", b"new\nline"]
    assert found == [Found(root + b"/" + name, name) for name in below]
    assert not errors


def test_files_that_are_named_are_yielded_whatever_they_are() -> None:
    assert walk(b"-", b"x/absent") == ([Found(b"-", b"-"), Found(b"x/absent", b"absent")], [])


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "back").symlink_to("..")
    found, errors = walk(os.fsencode(tmp_path))
    assert [one.below for one in found] == [b"link/file", b"real/file"]
    assert [os.path.basename(name) for name, _ in errors] == [b"back", b"back"]  # noqa: PTH119


def test_what_cannot_be_summed_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "broken").symlink_to("nowhere")
    found, errors = walk(os.fsencode(tmp_path))
    assert found == []
    root = os.fsencode(tmp_path)
    assert errors == [
        (root + b"/broken", "No such file or directory"),
        (root + b"/pipe", "neither a file nor a folder"),
    ]
