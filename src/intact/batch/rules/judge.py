"""Judges a request by the service model and by every rule, all problems at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intact.batch.model import Problem
from intact.batch.rules import copying, existing, job, listing, operations
from intact.batch.rules.base import Facts, Submission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intact.batch.model import Model

UNSOUND = frozenset({"type", "required", "union"})
"""Problems of structure, by which no rule can judge."""
RULES = (*listing.RULES, *job.RULES, *copying.RULES, *operations.RULES, *existing.RULES)


def problems(
    request: Mapping[str, Any], *, model: Model, facts: Facts | None = None
) -> list[Problem]:
    """Everything wrong with a CreateJob request: by the model, then by each rule, in order.

    A request whose structure is broken is judged by the model alone.

    Args:
        request: Members as boto3 takes them.
        model: What botocore knows of S3 Control.
        facts: What is known beside the request; rules that need more stay silent.
    """
    found = list(model.problems(request, shape="CreateJobRequest"))
    if any(problem.rule in UNSOUND for problem in found):
        return found
    submission = Submission(request, facts or Facts())
    return found + [
        Problem(
            rule=rule.name,
            where=where,
            got=got,
            wanted=wanted,
            source=rule.source,
            warning=rule.warning,
        )
        for rule in RULES
        for where, got, wanted in rule.check(submission)
    ]
