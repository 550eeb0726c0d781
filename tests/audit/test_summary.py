"""What findings add up to."""

from dataclasses import replace

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


def test_an_empty_manifest_proves_nothing() -> None:
    assert Summary().exit_code(Counts(manifest_rows=0)) is ExitCode.UNFINISHED


@given(st.lists(worlds()))
def test_each_record_is_counted_once(found: list[World]) -> None:
    summary = Summary()
    for world in found:
        summary.add(world.audit())
    verified = summary.verdicts[Verdict.VERIFIED]
    assert summary.rows == len(found) == summary.reasons.total()
    assert summary.levels.total() == verified


def test_verified_bytes_are_those_of_verified_objects() -> None:
    summary, evidence = Summary(), Evidence(destination=facts(b"abc"))
    equal = Finding(verdict=Verdict.VERIFIED, reason=Reason.EQUAL, level=Level.RECORDED)
    differing = replace(equal, verdict=Verdict.MISMATCHED)
    summary.add(Record(copy=COPY, evidence=evidence, finding=equal))
    summary.add(Record(copy=COPY, evidence=evidence, finding=differing))
    assert summary.verified_bytes == len(b"abc")
