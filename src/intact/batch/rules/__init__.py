"""Rules of CreateJob that the service model does not express, each with its source.

Judged elsewhere: what one row of a manifest can break, by the manifest's lint; that a token sent
again names the same request, by whoever sends it.  The service model itself holds the bounds of
the priority, the values of every enum (no Reduced Redundancy, no SSE-C) and every pattern (full
KMS key ARNs).
"""

from intact.batch.rules.base import Facts, Rule, expected_owners, named_buckets
from intact.batch.rules.existing import UNREAD
from intact.batch.rules.judge import RULES, UNSOUND, problems

__all__ = [
    "RULES",
    "UNREAD",
    "UNSOUND",
    "Facts",
    "Rule",
    "expected_owners",
    "named_buckets",
    "problems",
]
