"""What a report tells its reader to do."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from intact.adapters.ledger import LedgerReader
from intact.adapters.overview import overview
from intact.audit import Counts, Policy
from intact.audit.ledger import Server
from intact.cli.main import cli
from intact.render.steps import next_steps, reproduce, retry_command
from tests.ledgers import GOLDEN
from tests.pages import JOB, ledger

if TYPE_CHECKING:
    from pathlib import Path

    from intact.adapters.overview import Overview


def test_what_is_not_proven_is_for_one_command(tmp_path: Path) -> None:
    reader = ledger(tmp_path / "it's $5", good=20, bad=30, hostile=6)
    step = next(next_steps(overview(reader)))
    assert step.rows == 36
    words = ["--job", "6a4d1f20-5c1f", "--account-id", "111122223333", "--region", "eu-west-1"]
    assert [shlex.split(command) for command in step.commands] == [
        ["intact", "retry", str(tmp_path / "it's $5"), *words]
    ]


def test_every_intact_command_that_is_shown_parses(tmp_path: Path) -> None:
    reader = ledger(tmp_path / "ledger", good=5, bad=60)
    added = overview(reader)
    told = [c for step in (*next_steps(added), *reproduce(added)) for c in step.commands]
    own = [shlex.split(command) for command in told if command.startswith("intact ")]
    assert len(own) > 4
    for words in own:
        result = CliRunner().invoke(cli, [*words[1:], "--help"], standalone_mode=False)
        assert result.exception is None, words


def test_a_job_is_audited_again_by_its_id() -> None:
    [*_, again] = reproduce(overview(LedgerReader(GOLDEN)))
    [command] = again.commands
    assert command == (
        "intact audit 6a4d1f20 --account-id 111122223333 --region eu-west-1 "
        "--read missing --require recorded"
    )


def test_a_manifest_is_audited_again_by_its_address(tmp_path: Path) -> None:
    header = replace(
        JOB, subject="s3://desk/a list.csv", policy=Policy(reported=False, versioned=True)
    )
    reader = ledger(tmp_path / "ledger", bad=60, header=header)
    steps = list(next_steps(overview(reader)))
    assert "--target-resource ARN --account-id ACCOUNT" in steps[0].commands[0]
    [*_, again] = reproduce(overview(reader))
    assert "--manifest 's3://desk/a list.csv' --target-resource ARN" in again.commands[0]


def test_counts_that_do_not_add_up_come_first() -> None:
    added = overview(LedgerReader(GOLDEN))
    added = replace(added, seal=replace(added.seal, counts=Counts(manifest_rows=10)))
    assert "do not add up" in next(next_steps(added)).title


def test_what_does_not_add_up_is_no_proof(tmp_path: Path) -> None:
    [step] = next_steps(overview(ledger(tmp_path / "ledger")))
    assert "do not add up" in step.title


def test_there_is_nothing_to_do_for_a_good_audit(tmp_path: Path) -> None:
    [step] = next_steps(overview(ledger(tmp_path / "ledger", good=3)))
    assert step.title.startswith("Nothing.")


ELSEWHERE = Server(
    endpoint_url="http://127.0.0.1:9000", control_endpoint_url="http://127.0.0.1:8650"
)


def commands(overview: Overview) -> list[str]:
    steps = (*next_steps(overview), *reproduce(overview))
    return [command for step in steps for command in step.commands]


@pytest.mark.parametrize("subject", [JOB.subject, "s3://desk/list.csv"])
def test_no_command_asks_aws_about_what_another_server_has(tmp_path: Path, subject: str) -> None:
    header = replace(JOB, server=ELSEWHERE, subject=subject)
    told = commands(overview(ledger(tmp_path / "ledger", bad=60, header=header)))
    asking = [c for c in told if c.startswith(("intact audit", "intact retry"))]
    asking = [command for command in asking if "--replay" not in command]
    assert len(asking) > 1
    for command in asking:
        words = shlex.split(command)
        assert words[words.index("--endpoint-url") + 1] == ELSEWHERE.endpoint_url
        assert words[words.index("--control-endpoint-url") + 1] == ELSEWHERE.control_endpoint_url


def test_what_a_command_was_told_it_hands_on_and_says_once() -> None:
    header = replace(JOB, server=ELSEWHERE)
    told = ["--profile", "p", "--endpoint-url", "http://moved:1"]
    words = shlex.split(retry_command(header, "ledger", told=told))
    assert words[-4:] == told
    assert words.count("--endpoint-url") == 1
    assert words.count("--region") == words.count("--control-endpoint-url") == 1


def test_of_a_server_that_has_ended_nothing_is_asked(tmp_path: Path) -> None:
    header = replace(JOB, server=replace(ELSEWHERE, ended=True))
    reader = ledger(tmp_path / "ledger", good=1, bad=60, header=header)
    added = overview(reader)
    told = commands(replace(added, seal=replace(added.seal, counts=Counts(manifest_rows=9))))
    assert "intact demo" in told
    assert {tuple(shlex.split(command)[:3]) for command in told} == {
        ("intact", "audit", "--replay"),
        ("intact", "report", str(reader.path)),
        ("intact", "demo"),
    }


def test_what_an_audit_was_told_of_the_copies_its_retry_knows() -> None:
    header = replace(JOB, subject="s3://desk/list.csv")
    told = ["--target-resource", "arn:aws:s3:::copies", "--target-key-prefix", "2026"]
    words = shlex.split(retry_command(header, "ledger", told=told))
    assert words[:3] == ["intact", "retry", "ledger"]
    assert words[-4:] == told
    assert words[3:-4:2] == ["--account-id", "--role-arn", "--report-bucket"]
