"""``intact sum`` against coreutils' conventions."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from intact.checksum import Algorithm, new
from intact.cli.main import cli
from intact.errors import ExitCode

NAMES = [
    b"plain",
    b"with space",
    b"back\\slash",
    b"new\nline",
    b"carriage\rreturn",
    b"caf\xe9",
    b"-x",
]


COREUTILS = pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum: not installed")


def run(
    *arguments: str | bytes, stdin: bytes = b"", cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "intact", "sum", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        env=os.environ | env,
    )


def sha256sum(
    *arguments: str | bytes, stdin: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - coreutils
        ["sha256sum", *arguments],  # noqa: S607 - from PATH
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        env=os.environ | {"LC_ALL": "C"},
    )


def test_standard_input_is_the_default() -> None:
    assert run(stdin=b"123456789").stdout == b"ae8b14860a799888  -\n"
    assert run("-", stdin=b"123456789").stdout == b"ae8b14860a799888  -\n"


@pytest.mark.parametrize("algorithm", Algorithm)
def test_each_algorithm_is_printed_in_hex_and_as_s3_prints_it(algorithm: Algorithm) -> None:
    digest = new(algorithm, b"abc").digest()
    name = algorithm.value.lower()
    assert run("-a", name, stdin=b"abc").stdout == f"{digest.hex()}  -\n".encode()
    encoded = base64.b64encode(digest)
    assert run("-a", name, "--base64", stdin=b"abc").stdout == encoded + b"  -\n"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder of hostile names, each file with its own name inside."""
    for name in NAMES:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
    return tmp_path


@COREUTILS
@pytest.mark.parametrize("flags", [[], ["--tag"], ["-z"], ["--tag", "-z"]], ids=" ".join)
def test_lines_are_those_of_sha256sum_for_every_name(flags: list[str], hostile: Path) -> None:
    theirs = sha256sum(*flags, "--", *NAMES, cwd=hostile)
    ours = run("-a", "SHA256", *flags, "--", *NAMES, cwd=hostile)
    assert theirs.returncode == ours.returncode == 0
    assert ours.stdout == theirs.stdout


@COREUTILS
@pytest.mark.parametrize("flags", [[], ["--tag"]], ids=" ".join)
def test_each_checks_what_the_other_wrote(flags: list[str], hostile: Path) -> None:
    ours = run("-a", "SHA256", *flags, "--", *NAMES, cwd=hostile).stdout
    assert sha256sum("--check", "--strict", stdin=ours, cwd=hostile).returncode == 0
    theirs = sha256sum(*flags, "--", *NAMES, cwd=hostile).stdout
    checked = run("-c", "-a", "SHA256", "--strict", stdin=theirs, cwd=hostile)
    assert checked.returncode == ExitCode.VERIFIED
    assert checked.stdout.count(b": OK\n") == len(NAMES)


RIGHT = hashlib.sha256(b"plain").hexdigest()
WRONG = hashlib.sha256(b"other").hexdigest()
LISTS = {
    "right": f"{RIGHT}  plain\n",
    "no last newline": f"{RIGHT}  plain",
    "binary": f"{RIGHT} *plain\n",
    "one space": f"{RIGHT} plain\n",
    "mixed": f"{RIGHT}  plain\n{RIGHT} plain\n",
    "CRLF": f"{RIGHT}  plain\r\n",
    "upper case": f"{RIGHT.upper()}  plain\n",
    "tab": f"{RIGHT}\t plain\n",
    "indented": f" \t{RIGHT}  plain\n",
    "comment": f"# a\n\n{RIGHT}  plain\n",
    "tagged": f"SHA256 (plain) = {RIGHT}\n",
    "OpenSSL": f"SHA256(plain)= {RIGHT}\n",
    "tagged, then blank": f"SHA256 (plain) = {RIGHT} \n",
    "tagged, other": f"SHA512 (plain) = {RIGHT}\n",
    "wrong": f"{WRONG}  plain\n",
    "wrong and right": f"{WRONG}  plain\n{RIGHT}  plain\n",
    "absent": f"{RIGHT}  absent\n",
    "absent and right": f"{RIGHT}  absent\n{RIGHT}  plain\n",
    "folder": f"{RIGHT}  .\n",
    "malformed": "junk\n",
    "malformed and right": f"junk\n{RIGHT}  plain\n{RIGHT}\n",
    "all of it": f"junk\n{RIGHT}  plain\n{WRONG}  plain\n{RIGHT}  absent\n",
    "two of each": f"junk\njunk\n{WRONG}  plain\n{WRONG}  plain\n{RIGHT}  x\n{RIGHT}  y\n",
    "standard input": f"{RIGHT}  -\n",
    "empty": "",
    "escape": f"\\{RIGHT}  back\\\\slash\n",
    "bad escape": f"\\{RIGHT}  back\\slash\n",
    "line feed": f"\\{RIGHT}  new\\nline\n",
}


@COREUTILS
@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--quiet"],
        ["--status"],
        ["--warn"],
        ["--strict"],
        ["--ignore-missing"],
        ["--warn", "--quiet"],
        ["--status", "--warn"],
        ["--strict", "--status"],
        ["--ignore-missing", "--status"],
        ["--ignore-missing", "--quiet", "--strict"],
    ],
    ids=" ".join,
)
def test_checking_is_that_of_sha256sum(flags: list[str], hostile: Path) -> None:
    for name, text in LISTS.items():
        theirs = sha256sum("--check", *flags, stdin=text.encode(), cwd=hostile)
        with contextlib.chdir(hostile):
            ours = CliRunner().invoke(
                cli,
                ["sum", "--check", "-a", "SHA256", *flags],
                input=text.encode(),
                standalone_mode=False,
            )
        assert (name, ours.stdout_bytes) == (name, theirs.stdout)
        said = theirs.stderr.replace(b"sha256sum: ", b"intact: ")
        said = said.replace(b"formatted SHA256 checksum", b"formatted checksum")
        assert (name, ours.stderr_bytes) == (name, said)
        assert (name, ours.return_value) == (name, theirs.returncode)


@COREUTILS
def test_files_that_cannot_be_read_are_told_as_sha256sum_does(hostile: Path) -> None:
    names = [b"plain", b"absent", b".", b"not\nhere", b"end\r", b"it's", b"with space/x"]
    theirs = sha256sum("--", *names, cwd=hostile)
    ours = run("-a", "sha256", "--", *names, cwd=hostile)
    assert ours.stdout == theirs.stdout
    assert sorted(ours.stderr.splitlines()) == sorted(
        theirs.stderr.replace(b"sha256sum: ", b"intact: ").splitlines()
    )
    assert ours.returncode == theirs.returncode == ExitCode.WRONG


def test_several_lists_are_checked_and_the_worst_counts(hostile: Path) -> None:
    (hostile / "right.sums").write_text(f"{RIGHT}  plain\n")
    (hostile / "wrong.sums").write_text(f"{WRONG}  plain\n")
    result = run("-c", "-a", "sha256", "right.sums", "wrong.sums", "absent.sums", cwd=hostile)
    assert result.stdout == b"plain: OK\nplain: FAILED\n"
    assert b"absent.sums: No such file or directory" in result.stderr
    assert result.returncode == ExitCode.WRONG


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--quiet", "x"], "--quiet option is meaningful only when verifying"),
        (["--status", "x"], "--status option is meaningful only when verifying"),
        (["-w", "x"], "--warn option is meaningful only when verifying"),
        (["--strict", "x"], "--strict option is meaningful only when verifying"),
        (["--ignore-missing", "x"], "--ignore-missing option is meaningful only"),
        (["-c", "--tag", "x"], "--tag option is meaningless when verifying"),
        (["-c", "--zero", "x"], "--zero option is meaningless when verifying"),
        (["-c", "--base64", "x"], "--base64 option is meaningless when verifying"),
        (["-c", "--against", "s3://b", "x"], "either --check or --against"),
        (["--against", "s3://b", "--strict", "x"], "--strict option is meaningless"),
        (["--against", "b", "x"], "wanted s3://BUCKET/KEY"),
        (["--against", "s3://b", "s3://b"], "compares local files"),
        (["--against", "s3://b/", "-"], "standard input has no name"),
        (["--part-size", "8MiB", "x"], "CRC64NVME has no COMPOSITE form"),
        (["--part-size", "8MB", "-a", "md5", "x"], "wanted a size such as"),
        (["-a", "crc16", "x"], "'crc16' is not one of"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(arguments: list[str], what: str) -> None:
    result = run(*arguments)
    assert result.returncode == ExitCode.USAGE
    assert what in result.stderr.decode()
    assert not result.stdout


def test_parts_make_the_etag_of_a_multipart_upload(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 2500)
    pieces = [b"x" * 1024, b"x" * 1024, b"x" * 452]
    md5s = b"".join(hashlib.md5(piece, usedforsecurity=False).digest() for piece in pieces)
    etag = hashlib.md5(md5s, usedforsecurity=False).hexdigest() + "-3"
    printed = run("-a", "md5", "--part-size", "1KiB", "file", cwd=tmp_path).stdout
    assert printed == f"{etag}  file\n".encode()
    (tmp_path / "sums").write_bytes(printed)
    right = run("-c", "-a", "md5", "--part-size", "1KiB", "sums", cwd=tmp_path)
    assert (right.stdout, right.returncode) == (b"file: OK\n", ExitCode.VERIFIED)
    for size in ([], ["--part-size", "2KiB"]):
        open_ = run("-c", "-a", "md5", *size, "sums", cwd=tmp_path)
        assert open_.stdout.startswith(b"file: NOT COMPARABLE: ")
        assert open_.returncode == ExitCode.UNPROVEN


@pytest.mark.parametrize("flags", [["--base64"], ["--tag"], ["--base64", "--tag"]], ids=" ".join)
def test_every_written_form_is_checked(flags: list[str], hostile: Path) -> None:
    for algorithm in ("CRC32", "CRC64NVME", "SHA512", "XXHASH3"):
        printed = run("-a", algorithm, *flags, "--", *NAMES, cwd=hostile).stdout
        checked = run("-c", "-a", algorithm, "--strict", "--quiet", stdin=printed, cwd=hostile)
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_tags_of_several_algorithms_are_checked_together(hostile: Path) -> None:
    printed = b"".join(
        run("-a", algorithm.value, "--tag", "plain", "with space", cwd=hostile).stdout
        for algorithm in Algorithm
    )
    checked = run("-c", "--strict", stdin=printed, cwd=hostile)
    assert checked.stdout.count(b": OK\n") == 2 * len(Algorithm)
    assert checked.returncode == ExitCode.VERIFIED


def test_folders_are_summed_to_their_ends(hostile: Path) -> None:
    (hostile / "sub" / "deep").mkdir(parents=True)
    (hostile / "sub" / "deep" / "file").write_bytes(b"123456789")
    printed = run("-r", "--", ".", cwd=hostile)
    assert printed.returncode == 0
    assert len(printed.stdout.splitlines()) >= len(NAMES) + 1
    assert b"ae8b14860a799888  ./sub/deep/file\n" in printed.stdout
    assert run("-r", cwd=hostile).stdout == printed.stdout
    assert run("-c", "--quiet", "--strict", stdin=printed.stdout, cwd=hostile).returncode == 0
    assert run("sub", cwd=hostile).returncode == ExitCode.WRONG


def test_a_folder_that_holds_what_cannot_be_summed_is_no_success(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = run("-r", ".", cwd=tmp_path)
    assert result.stderr == b"intact: ./pipe: neither a file nor a folder\n"
    assert result.returncode == ExitCode.WRONG


def test_json_says_everything_and_ends_with_a_summary(hostile: Path) -> None:
    result = run("--json", "--", *NAMES, "absent", cwd=hostile)
    *records, error, summary = [json.loads(line) for line in result.stdout.splitlines()]
    assert {record["schema"] for record in records} == {"intact.sum/1"}
    assert records[0] == {
        "schema": "intact.sum/1",
        "record": "sum",
        "name": "plain",
        "algorithm": "CRC64NVME",
        "type": "FULL_OBJECT",
        "checksum": base64.b64encode(new("CRC64NVME", b"plain").digest()).decode(),
        "hex": new("CRC64NVME", b"plain").hexdigest(),
        "size": 5,
    }
    names = [
        base64.b64decode(record["name_base64"])
        if "name_base64" in record
        else record["name"].encode()
        for record in records
    ]
    assert names == NAMES
    assert (error["record"], error["name"]) == ("error", "absent")
    counts = {"files": len(NAMES), "unread": 1, "exit_code": 1}
    assert summary == {"schema": "intact.sum/1", "record": "summary", **counts}


def test_json_of_a_check_counts_what_it_says(hostile: Path) -> None:
    text = f"junk\n{RIGHT}  plain\n{WRONG}  plain\n{RIGHT}  absent\n".encode()
    result = run("-c", "-a", "sha256", "--json", stdin=text, cwd=hostile)
    *records, summary = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["result"] for record in records] == ["ok", "failed", "unread"]
    assert summary["record"] == "summary"
    counts = {"malformed": 1, "listed": 3, "ok": 1, "failed": 1, "unread": 1, "exit_code": 1}
    assert counts.items() <= summary.items()


def test_ten_thousand_names_are_all_summed(tmp_path: Path) -> None:
    names = [f"{number:04}" for number in range(2000)]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    wanted = b"".join(
        new("CRC64NVME", name.encode()).hexdigest().encode() + f"  {name}\n".encode()
        for name in names
    )
    assert run(*names, cwd=tmp_path).stdout == wanted
    assert run("-a", "CRC64NVME", *names, cwd=tmp_path).stdout == wanted
    assert run(*names, "--base64", cwd=tmp_path).stdout.count(b"\n") == len(names)
    assert run("--", *names, cwd=tmp_path).stdout == wanted


def test_what_a_small_file_needs_is_all_that_is_imported(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"123456789")
    code = (
        "import sys, atexit\n"
        "from intact.cli.main import main\n"
        "heavy = {'boto3', 'botocore', 'duckdb', 'rich', 'concurrent.futures', 'hashlib'}\n"
        "atexit.register(lambda: print(sorted(heavy & set(sys.modules))))\n"
        "sys.argv = ['intact', 'sum', 'file']\n"
        "main()"
    )
    result = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert result.stdout == "ae8b14860a799888  file\n[]\n"


def test_ctrl_c_is_130(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(
        [sys.executable, "-m", "intact", "sum", "pipe"], cwd=tmp_path, stderr=subprocess.PIPE
    ) as process:
        with (tmp_path / "pipe").open("wb") as writer:  # it is being read now
            writer.write(b"x")
            writer.flush()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == ExitCode.INTERRUPTED
        assert process.stderr is not None
        assert process.stderr.read() == b"\nintact: interrupted\n"  # behind the ^C of the terminal


def test_nobody_who_reads_is_no_error(tmp_path: Path) -> None:
    names = [f"{number:04}" for number in range(3000)]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    with subprocess.Popen(
        [sys.executable, "-m", "intact", "sum", "-r", "."],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=30) == ExitCode.BROKEN_PIPE
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "intact", "sum", "file"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert result.stderr == b"intact: No space left on device\n"
    assert result.returncode == ExitCode.UNFINISHED


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"123456789")
    result = run(str(tmp_path / "absent"), str(tmp_path / "there"))
    assert result.stdout.startswith(b"ae8b14860a799888")
    assert b"absent" in result.stderr
    assert result.returncode == ExitCode.WRONG
