from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import intact.batch
from intact.audit import Level
from intact.batch import JobSpec, ManifestLocation, S3PutObjectCopy
from intact.batch.cost import (
    Prices,
    Proof,
    Usage,
    cheapest,
    job_cost,
    proof_cost,
    total,
    usage_cost,
)
from intact.batch.generator import S3JobManifestGenerator
from intact.batch.operations import S3ComputeObjectChecksum, S3PutObjectTagging, S3ReplicateObject
from intact.batch.spec import NO_REPORT
from intact.batch.workload import Workload
from intact.errors import FormatError

DOCUMENT = (Path(intact.batch.__file__).parent / "prices.json").read_bytes()
PRICES = Prices.parse(DOCUMENT)
TEN_MILLION = Workload(objects=10**7, size=2**40, listed=10**8)


def job(operation: Any, **members: Any) -> JobSpec:  # noqa: ANN401 - JobSpec's own
    given: dict[str, Any] = {
        "manifest": ManifestLocation(object_arn="arn:aws:s3:::l/m", etag="e"),
        "account_id": "111122223333",
        "role_arn": "arn:aws:iam::111122223333:role/copy",
        "operation": operation,
        "report": NO_REPORT,
    }
    return JobSpec(**given | members)


def cost(operation: Any, **members: Any) -> Decimal | None:  # noqa: ANN401 - as above
    return total(job_cost(job(operation, **members), TEN_MILLION, prices=PRICES))


def test_ten_million_copies_cost_what_the_price_list_says() -> None:
    assert cost(S3PutObjectCopy(target_resource="arn:aws:s3:::c")) == Decimal("60.25")
    assert cost(S3PutObjectTagging(tag_set={})) == Decimal("60.25")
    assert cost(S3ReplicateObject()) == Decimal("10.25")


def test_a_generated_list_is_billed_by_the_bucket() -> None:
    generator = S3JobManifestGenerator(source_bucket="arn:aws:s3:::b", enable_manifest_output=False)
    generated = cost(S3ReplicateObject(), manifest=None, manifest_generator=generator)
    assert generated == Decimal("11.75")


def test_a_price_that_nobody_knows_makes_the_sum_unknown() -> None:
    assert cost(S3ComputeObjectChecksum()) is None
    assert total(proof_cost(Proof.COMPUTED, TEN_MILLION, prices=PRICES)) is None
    known = replace(PRICES, gigabyte_computed=Decimal("0.01"))
    assert total(proof_cost(Proof.COMPUTED, TEN_MILLION, prices=known)) == Decimal("48.98")
    assert total(proof_cost(Proof.INDEPENDENT, TEN_MILLION, prices=known)) == Decimal("28.49")


def test_what_a_plan_promises_is_what_an_audit_calls_it() -> None:
    levels = {level.name: level.value for level in Level}
    assert levels.items() <= {proof.name: proof.value for proof in Proof}.items()


def test_the_jobs_own_word_costs_nothing_and_proves_nothing() -> None:
    assert total(proof_cost(Proof.NONE, TEN_MILLION, prices=PRICES)) == 0
    assert cheapest(Proof.NONE, TEN_MILLION, prices=PRICES) is Proof.NONE
    assert cheapest(Proof.ETAG, TEN_MILLION, prices=PRICES) is Proof.RECORDED  # at the same price


def test_two_heads_for_each_object_prove_what_s3_stores() -> None:
    assert total(proof_cost(Proof.RECORDED, TEN_MILLION, prices=PRICES)) == Decimal(8)


def test_the_cheapest_proof_is_at_least_as_strong_as_asked() -> None:
    outside = replace(PRICES, gigabyte_transferred=Decimal("0.09"))
    known = replace(outside, gigabyte_computed=Decimal("0.01"))
    assert cheapest(Proof.RECORDED, TEN_MILLION, prices=known) is Proof.RECORDED
    assert cheapest(Proof.COMPUTED, TEN_MILLION, prices=known) is Proof.COMPUTED
    assert cheapest(Proof.COMPUTED, TEN_MILLION, prices=outside) is Proof.READ
    nothing = replace(PRICES, thousand_reads=None)
    assert cheapest(Proof.RECORDED, TEN_MILLION, prices=nothing) is None


def test_nothing_costs_nothing_at_any_price() -> None:
    empty = Workload(objects=0, size=0)
    assert total(proof_cost(Proof.READ, empty, prices=replace(PRICES, thousand_reads=None))) == 0
    dear = replace(PRICES, million_objects=None)
    assert total(job_cost(job(S3ReplicateObject()), empty, prices=dear)) == Decimal("0.25")


@pytest.mark.parametrize("change", [{"job": "cheap"}, {"job": []}, None], ids=str)
def test_a_price_list_that_is_none_is_refused(change: dict[str, Any] | None) -> None:
    document = json.loads(DOCUMENT) | change if change else {}
    with pytest.raises(FormatError, match="price list"):
        Prices.parse(json.dumps(document))


def test_an_audit_costs_what_it_uses() -> None:
    used = Usage(reads=2_000_000, lists=1000, read=2**30)
    assert total(usage_cost(used, prices=PRICES)) == Decimal("0.805")
    dear = replace(PRICES, gigabyte_transferred=None)
    assert total(usage_cost(replace(used, read=1), prices=dear)) is None
    assert total(usage_cost(replace(used, read=0), prices=dear)) == Decimal("0.805")


def test_a_function_costs_its_invocations_and_its_memory() -> None:
    used = Usage(jobs=1, tasks=10**6, invocations=10**6, memory_seconds=10**6 * 2**30)
    assert total(usage_cost(used, prices=PRICES)) == Decimal("18.1167")
    assert total(usage_cost(replace(used, memory_seconds=None), prices=PRICES)) is None


def test_what_is_not_used_has_no_line() -> None:
    assert usage_cost(Usage(), prices=PRICES) == []
    [line] = usage_cost(Usage(listed=5 * 10**6), prices=PRICES)
    assert (line.item, line.count, line.amount) == ("inventory", 5_000_000, Decimal("0.014"))
