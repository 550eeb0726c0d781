"""Files appear whole or not at all."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from intact.adapters.files import expect, forget, named_whole, whole_file


class BreakError(Exception):
    """Raised halfway."""


def test_a_file_written_to_its_end_appears(tmp_path: Path) -> None:
    with whole_file(tmp_path / "file") as file:
        file.write(b"all")
        assert not (tmp_path / "file").exists()
    assert (tmp_path / "file").read_bytes() == b"all"


def test_a_file_that_breaks_off_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def write_half() -> None:
        with whole_file(path) as file:
            file.write(b"half")
            raise BreakError

    with pytest.raises(BreakError):
        write_half()
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [b"old"]


def test_what_another_program_cleaned_up_hides_no_error(tmp_path: Path) -> None:
    def fill_disk() -> None:
        with named_whole(tmp_path / "file") as name:
            name.unlink()
            raise BreakError

    with pytest.raises(BreakError):
        fill_disk()
    assert not list(tmp_path.iterdir())


def test_more_files_may_be_open_than_the_system_allows_unasked() -> None:
    code = """
from resource import RLIMIT_NOFILE, getrlimit, setrlimit
from intact.adapters.files import allow_open
setrlimit(RLIMIT_NOFILE, (200, 500))
for files in 50, 300, 600:
    allow_open(files)
    print(getrlimit(RLIMIT_NOFILE)[0], flush=True)
"""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout == "200\n400\n"
    assert "UsageError: 700 open files are needed at a time" in done.stderr


def test_a_pipe_stays_one_and_gets_all(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(path) as file:
        file.write(b"all")
        file.flush()
        assert os.read(reader, 9) == b""  # nobody writes yet
    assert os.read(reader, 9) == b"all"
    os.close(reader)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert [entry.name for entry in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("name", ["/dev/null", "/dev/stdout", "/dev/fd/1"])
def test_a_device_stays_one(name: str, tmp_path: Path) -> None:
    before = os.lstat(name)
    code = f"""
import sys
from pathlib import Path
from intact.adapters.files import whole_file
print("before", flush=True)
with whole_file(Path({name!r})) as file:
    file.write(b"all")
"""
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", code], check=True, stdout=out)  # noqa: S603 - our own
    assert os.lstat(name).st_mode == before.st_mode
    told = (tmp_path / "out").read_text()
    assert told == ("before\n" if name == "/dev/null" else "before\nall")


def test_a_full_disk_names_the_file() -> None:
    with (
        pytest.raises(OSError, match="No space left on device: '/dev/full'"),
        whole_file(Path("/dev/full")) as file,
    ):
        file.write(b"all")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


@pytest.mark.parametrize("known", [True, False])
def test_advice_changes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    if not known:
        for name in ("WILLNEED", "DONTNEED"):
            monkeypatch.delattr(os, f"POSIX_FADV_{name}", raising=False)
    path = tmp_path / "file"
    path.write_bytes(b"pages")
    expect(path)
    forget(path)
    assert path.read_bytes() == b"pages"
