"""What findings add up to."""

import re
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.audit import (
    Counts,
    Evidence,
    Finding,
    Level,
    Reason,
    Record,
    Summary,
    Verdict,
)
from intact.errors import ExitCode
from tests.worlds import COPY, World, facts, worlds


def summary_of(*verdicts: Verdict) -> Summary:
    summary = Summary()
    for verdict in verdicts:
        level = Level.RECORDED if verdict is Verdict.VERIFIED else Level.NONE
        finding = Finding(verdict=verdict, reason=Reason.EQUAL, level=level)
        summary.add(Record(copy=COPY, evidence=Evidence(), finding=finding))
    return summary


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([Verdict.VERIFIED], ExitCode.VERIFIED),
        ([Verdict.VERIFIED, Verdict.MISMATCHED], ExitCode.WRONG),
        ([Verdict.MISSING], ExitCode.WRONG),
        ([Verdict.NOT_COPIED], ExitCode.WRONG),
        ([Verdict.UNVERIFIABLE], ExitCode.UNPROVEN),
        ([Verdict.UNCHECKED], ExitCode.UNPROVEN),
        ([Verdict.UNCHECKED, Verdict.MISSING], ExitCode.WRONG),
    ],
)
def test_the_worst_verdict_gives_the_exit_code(verdicts: list[Verdict], code: ExitCode) -> None:
    assert summary_of(*verdicts).exit_code(Counts(manifest_rows=len(verdicts))) is code


@given(st.lists(st.sampled_from(Verdict), min_size=1))
def test_only_verified_objects_end_in_zero(verdicts: list[Verdict]) -> None:
    code = summary_of(*verdicts).exit_code(Counts(manifest_rows=len(verdicts)))
    assert (code is ExitCode.VERIFIED) == (set(verdicts) == {Verdict.VERIFIED})


@pytest.mark.parametrize(
    "counts",
    [
        Counts(manifest_rows=2),
        Counts(manifest_rows=0),
        Counts(manifest_rows=1, report_rows=2, stray_report_rows=1),
    ],
)
def test_counts_that_do_not_add_up_beat_every_verdict(counts: Counts) -> None:
    summary = summary_of(Verdict.MISMATCHED)
    assert summary.imbalances(counts)
    assert summary.exit_code(counts) is ExitCode.UNFINISHED


JOB = Counts(
    manifest_rows=3,
    report_rows=3,
    succeeded_rows=2,
    failed_rows=1,
    tasks=3,
    tasks_succeeded=2,
    tasks_failed=1,
    all_tasks_reported=True,
)
EARLY = replace(
    JOB, ended_early=True, manifest_rows=9, report_rows=3, tasks=9, all_tasks_reported=True
)


@pytest.mark.parametrize(
    "counts",
    [
        JOB,
        EARLY,
        replace(EARLY, tasks=5),
        replace(JOB, report_rows=None, succeeded_rows=None, failed_rows=None),
        replace(JOB, all_tasks_reported=False, succeeded_rows=0, report_rows=1),
        replace(JOB, succeeded_rows=1, malformed_report_rows=1),
        replace(JOB, failed_rows=0, malformed_report_rows=1),
        replace(JOB, duplicate_rows=1, stray_computed_rows=1, stray_expected_rows=1, extras=9),
        replace(JOB, failed_computed_rows=1),
    ],
    ids=str,
)
def test_counts_that_add_up_say_nothing(counts: Counts) -> None:
    assert counts.imbalances() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"manifest_rows": 4}, "4 rows of the manifest for 3 tasks"),
        ({"manifest_rows": 2}, "2 rows of the manifest for 3 tasks"),
        ({"manifest_rows": 2, "ended_early": True}, "2 rows of the manifest for 3 tasks"),
        ({"succeeded_rows": 1}, "1 report rows succeeded for 2 tasks"),
        ({"succeeded_rows": 3}, "3 report rows succeeded for 2 tasks"),
        ({"succeeded_rows": 0, "malformed_report_rows": 1}, "0 report rows succeeded for 2 tasks"),
        ({"failed_rows": 0}, "0 report rows failed for 1 tasks"),
        ({"failed_rows": 2, "all_tasks_reported": False}, "2 report rows failed for 1 tasks"),
        ({"failed_rows": 2, "ended_early": True}, "2 report rows failed for 1 tasks"),
        (
            {"tasks_failed": 0, "failed_rows": 0},
            "2 tasks ran of the job's 3, yet it completed",
        ),
        (
            {"tasks_succeeded": None, "tasks_failed": None},
            "0 tasks ran of the job's 3, yet it completed",
        ),
        ({"stray_report_rows": 1}, "1 report rows match no row"),
        ({"malformed_computed_rows": 1}, "1 Compute checksum rows could not be read"),
        ({"malformed_invoked_rows": 1}, "1 answers of the function could not be read"),
        ({"malformed_expected_rows": 1}, "1 expected digests could not be read"),
    ],
    ids=str,
)
def test_every_number_that_differs_from_the_jobs_is_a_sentence(
    changes: dict[str, Any], sentence: str
) -> None:
    counts = replace(JOB, **changes)
    [found] = counts.imbalances()
    assert found.startswith(sentence)
    verified = summary_of(*[Verdict.VERIFIED] * counts.manifest_rows)
    assert verified.exit_code(counts) is ExitCode.UNFINISHED


def test_what_proves_nothing_wrong_is_noted() -> None:
    assert Counts(manifest_rows=1).notes() == []
    assert Counts(manifest_rows=1, extras=0).notes() == []
    counts = Counts(
        manifest_rows=1,
        duplicate_rows=1,
        duplicate_report_rows=2,
        failed_computed_rows=3,
        stray_computed_rows=4,
        stray_expected_rows=5,
        failed_invoked_rows=6,
        unbound_invoked_rows=7,
        stray_invoked_rows=8,
        extras=9000,
        malformed_report_rows=10,
    )
    assert [note.split(" ")[0] for note in counts.notes()] == ["10", *"12345678", "9,000"]


def test_an_empty_manifest_proves_nothing() -> None:
    counts = Counts(manifest_rows=0)
    assert counts.imbalances() == ["the manifest has no rows, so nothing is proven"]
    assert Summary().exit_code(counts) is ExitCode.UNFINISHED


def test_what_was_not_looked_at_is_not_none_of_it() -> None:
    counted = asdict(Counts(manifest_rows=0))
    assert {name for name, count in counted.items() if count is None} == {
        "report_rows",
        "succeeded_rows",
        "failed_rows",
        "tasks",
        "tasks_succeeded",
        "tasks_failed",
        "extras",
    }
    assert not any(counted.values())


@given(st.lists(worlds()))
def test_each_record_is_counted_once(found: list[World]) -> None:
    summary = Summary()
    for world in found:
        summary.add(world.audit())
    verified = summary.verdicts[Verdict.VERIFIED]
    assert summary.rows == len(found) == summary.reasons.total()
    assert summary.levels.total() == verified


def test_verified_bytes_and_levels_are_those_of_verified_objects() -> None:
    summary, evidence = Summary(), Evidence(destination=facts(b"abc"))
    equal = Finding(verdict=Verdict.VERIFIED, reason=Reason.EQUAL, level=Level.RECORDED)
    differing = replace(equal, verdict=Verdict.MISMATCHED, reason=Reason.SIZE_DIFFERS)
    for finding in (equal, differing, equal):
        summary.add(Record(copy=COPY, evidence=evidence, finding=finding))
    assert summary.verified_bytes == 2 * len(b"abc")
    assert summary_of(Verdict.VERIFIED).verified_bytes == 0  # of an object that nobody describes
    assert summary.levels == {Level.RECORDED: 2}
    assert summary.reasons == {Reason.EQUAL: 2, Reason.SIZE_DIFFERS: 1}


def test_a_row_without_a_verdict_is_told() -> None:
    [told] = summary_of(Verdict.VERIFIED).imbalances(Counts(manifest_rows=2))
    assert told == "1 verdicts for 2 rows of the manifest"


def test_a_notebook_shows_every_verdict_and_the_total() -> None:
    html = summary_of(*Verdict, Verdict.MISSING)._repr_html_()
    words = [verdict.value for verdict in Verdict]
    told = re.findall("<th[^>]*>([^<]*)</th><t[dh][^>]*>([^<]*)<", html)
    assert told == [
        ("verdict", "objects"),
        *((word, "2" if word == "missing" else "1") for word in words),
        ("rows of the manifest", "7"),
    ]
    assert re.sub("<[^>]*>", "", html) == "".join(map("".join, told))
