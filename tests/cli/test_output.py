"""Records: what no text can hold survives, and whatever ends a command is in the last of them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import botocore.exceptions
import click
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from intact.cli.advice import ADVICE, advice_on
from intact.cli.ending import ending
from intact.cli.output import Output, json_option, shown
from intact.errors import AccessError, CorruptError, ExitCode, FormatError, StoreError, UsageError

if TYPE_CHECKING:
    from click.testing import Result


def ran(*lines: tuple[str, dict[str, Any]], error: BaseException | None = None) -> Result:
    """A command that prints these records, and then fails if it is told to."""

    @click.command()
    @json_option
    def command(*, output: Output) -> int:
        for kind, members in lines:
            output.record(kind, members)
        output.complain("something is not proven", ExitCode.UNPROVEN)
        if error is not None:
            raise error
        return ExitCode.VERIFIED

    return CliRunner().invoke(command, ["--json"], standalone_mode=False)


def records(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@given(st.binary(max_size=12))
def test_a_name_of_any_bytes_is_had_back(name: bytes) -> None:
    one, _ = records(ran(("file", {"path": name.decode(errors="surrogateescape")})))
    if "path_base64" in one:
        assert base64.b64decode(one["path_base64"]) == name
        assert "\ufffd" in one["path"]
    else:
        assert one["path"].encode() == name


def test_a_surrogate_that_json_brought_is_no_fault() -> None:
    one, _ = records(ran(("job", {"job": {"Description": "\ud800"}})))
    assert base64.b64decode(one["job"]["Description_base64"]) == "\ud800".encode(
        errors="surrogatepass"
    )


def test_the_summary_ends_as_badly_as_what_was_seen() -> None:
    result = ran()
    assert records(result) == [{"schema": "intact./1", "record": "summary", "exit_code": 3}]
    assert result.return_value == ExitCode.UNPROVEN


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such thing"), ExitCode.USAGE),
        (click.UsageError("No such thing."), ExitCode.USAGE),
        (FormatError("no such thing"), ExitCode.UNFINISHED),
        (CorruptError("no such thing"), ExitCode.WRONG),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (ZeroDivisionError("no such thing"), ExitCode.UNFINISHED),
    ],
    ids=repr,
)
def test_what_ends_a_command_stands_before_the_summary(error: BaseException, code: int) -> None:
    failure, summary = records(ran(error=error))
    assert failure["record"] == "failure"
    assert failure["error"] == ending(error).sentence
    assert summary["exit_code"] == code == ending(error).code


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a b", "'a b'"),
        ("caf\u00e9", "'caf\u00e9'"),
        ("x\n", "'x'$'\\n'"),
        ("\x1b[31m", "''$'\\033''[31m'"),
        ("a\u202egpj", "'a'$'\\342\\200\\256''gpj'"),
    ],
)
def test_a_name_shows_what_is_in_it(name: str, told: str) -> None:
    assert shown(name.encode()) == told


def test_nobody_is_told_of_a_broken_pipe() -> None:
    assert records(ran(error=BrokenPipeError())) == []


def test_advice_is_found_behind_the_error_that_is_shown() -> None:
    shown = AccessError("HeadObject s3://b/k: Unable to locate credentials")
    shown.__cause__ = NoCredentialsError()
    assert ending(shown).advice == [ADVICE["NoCredentialsError"]]
    refused = StoreError("HeadObject s3://b/k: no")
    refused.__cause__ = ClientError({"Error": {"Code": "ExpiredToken"}}, "HeadObject")
    assert advice_on(refused) == [ADVICE["ExpiredToken"]]
    assert advice_on(StoreError("nothing is known of it")) == []


@pytest.mark.parametrize(
    ("operation", "code", "no_jobs"),
    [
        ("DescribeJob", "NoSuchBucket", True),
        ("ListJobs", "NotImplemented", True),
        ("CreateJob", "405", True),
        ("CreateJob", "NoSuchBucket", False),
        ("DescribeJob", "NoSuchJob", False),
        ("HeadObject", "404", False),
    ],
)
def test_a_server_without_jobs_is_told_from_one_that_lacks_this(
    operation: str, code: str, *, no_jobs: bool
) -> None:
    refused = StoreError("no")
    refused.__cause__ = ClientError({"Error": {"Code": code}}, operation)
    [advice] = advice_on(refused)
    assert ("--control-endpoint-url" in advice) == no_jobs


def test_errors_of_the_client_that_advice_speaks_of_are_there() -> None:
    classes = [name for name in ADVICE if name.endswith("Error")]
    assert len(classes) > 10
    for name in classes:
        assert issubclass(getattr(botocore.exceptions, name), Exception)
