"""What ``intact plan`` says besides its table: commands to run, and its JSON."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from intact.audit.forecast import Way
from intact.batch.span import unseen
from intact.cli.audit import command as audit
from intact.cli.resuming import given, reached
from intact.render.words import size_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import click

    from intact.audit import Policy, Subject
    from intact.audit.plan import Option, Recommendation
    from intact.audit.sampled import Means, Sampled
    from intact.batch.cost import Prices
    from intact.batch.span import Span

_OUT = "audited"
_ROW = 200
"""Bytes of a row in a ledger, of the driver's disk: see docs/howto/spark.md."""
_COMPUTED = ("--computed", "COMPUTE_SOURCES_ID", "--computed", "COMPUTE_COPIES_ID")
_MEANT_OTHERWISE = {"sample", "rates", "prices", "as_json", "workers", "processes", "memory"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the commands that follow are about.

    Attributes:
        context: The call of ``intact plan``.
        subject: The job.
        local: Its manifest, where that is on disk.
        means: What the audit runs on.
        policy: Its terms.
        objects: Rows of its manifest.
    """

    context: click.Context
    subject: Subject
    local: Path | None
    means: Means
    policy: Policy
    objects: int

    def audit(self, *words: str, out: str = _OUT) -> str:
        """A command line of ``intact audit``, on what this plan was given."""
        known = {parameter.name for parameter in audit.params}
        own = {parameter.name for parameter in self.context.command.params} - known
        told = given(self.context, besides=own | _MEANT_OTHERWISE | {"manifest"})
        manifest = self.subject.manifest
        where = f"s3://{manifest.bucket}/{manifest.key}"
        listed = [] if self.means.job else ["--manifest", where]
        return shlex.join(["intact", "audit", *told, *listed, *words, "--out", out])


def following(advice: Recommendation, place: Place) -> Iterator[str]:
    """Yield what to run, in order; words in capitals are for people to fill in."""
    if advice.steps and place.local is not None:
        where = f"s3://{place.subject.manifest.bucket}/{place.subject.manifest.key}"
        told = reached(place.context, besides={"control_endpoint_url"})
        yield shlex.join(["intact", "put", str(place.local), where, *told])
    for number, step in enumerate(advice.steps, 1):
        out = _OUT if number == 1 else f"{_OUT}-{number}"
        yield from _commands(step.option.way, place, out=out)


def _commands(way: Way, place: Place, *, out: str) -> Iterator[str]:
    lean = ["--client", "lean"]
    if place.means.processes > 1:
        lean += ["--processes", str(place.means.processes)]
    match way:
        case Way.BOTO3:
            yield place.audit("--workers", str(place.means.workers), out=out)
        case Way.LEAN:
            yield place.audit(*lean, out=out)
        case Way.READ_MISSING | Way.READ_ALL:
            mode = "missing" if way is Way.READ_MISSING else "all"
            yield place.audit(*lean, "--read", mode, out=out)
        case Way.RETRY:
            yield place.audit(*lean, out=out)
            yield _retry(place, out)
        case Way.COMPUTED:
            yield _COMPUTE
            yield place.audit(*lean, *_COMPUTED, out=out)
        case Way.OFFLINE | Way.OFFLINE_INVENTORY:
            yield _COMPUTE
            memory = ("--memory", f"{place.means.memory}B")
            yield place.audit("--offline", *_COMPUTED, *_INVENTORIES[way], *memory, out=out)
        case Way.SPARK | Way.SPARK_ONLINE:
            yield "# docs/howto/spark.md has MAIN and the commands of EMR, Glue and Databricks"
            disk = size_name(_ROW * place.objects)
            yield f"# the ledger ends on the driver's disk and may take {disk} of it"
            how = ["--online"] if way is Way.SPARK_ONLINE else list(_REPORTS)
            need = ["--require", place.policy.require.name.lower()]
            words = ["spark-submit", "MAIN", "job.json", "--work", "WORK", *how, *need]
            words += reached(place.context, besides=_NOT_OF_SPARK)
            yield shlex.join([*words, "--out", out])
        case Way.INVOKED:
            yield "# a LambdaInvoke job over the manifest: intact function package --help"
            yield "intact function package intact.zip"
            yield place.audit("--invoked", "INVOKE_JOB_ID", out=out)


_COMPUTE = "# Compute checksum jobs over sources and copies, FULL_OBJECT: docs/howto/archive.md"
_INVENTORIES = {
    Way.OFFLINE: (),
    Way.OFFLINE_INVENTORY: (
        "--inventory",
        "source=s3://LISTS/sources/manifest.json",
        "--inventory",
        "destination=s3://LISTS/copies/manifest.json",
    ),
}
_REPORTS = ("--computed", "COMPUTE_SOURCES.json", "--computed", "COMPUTE_COPIES.json")
"""What describe-job prints of them: their reports alone do not say when they began."""
_NOT_OF_SPARK = {"profile", "control_endpoint_url", "no_sign_request", "request_payer"}


def _retry(place: Place, out: str) -> str:
    """The command that writes the jobs over what is left, and names those to run after it."""
    account = place.context.params["account_id"]
    reach = [*(("--account-id", account) if account else ()), *reached(place.context)]
    job = place.context.params["job"]
    about = ["--job", job] if job else _target(place)
    return shlex.join(
        [
            *("intact", "retry", f"{out}/ledger", *about, *reach),
            *("--manifests", "s3://LISTS/retry", "--upload", "--out", "retry"),
        ]
    )


def _target(place: Place) -> list[str]:
    """What ``intact retry`` wants to know where no job says it."""
    operation = place.subject.operation
    words = ["--target-resource", operation.target_resource]
    if operation.target_key_prefix is not None:
        words += ["--target-key-prefix", operation.target_key_prefix]
    role = "arn:aws:iam::ACCOUNT:role/ROLE"
    known = [] if place.context.params["account_id"] else ["--account-id", "ACCOUNT"]
    return [*words, *known, "--role-arn", role, "--report-bucket", "REPORTS"]


def records(
    sampled: Sampled,
    found: Sequence[Option],
    advice: Recommendation,
    commands: Sequence[str],
    *,
    prices: Prices,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield kind and members of each JSON document; numbers are low, likely, high, or null."""
    measured = sampled.measured
    yield (
        "sample",
        {
            "objects": sampled.objects,
            "malformed": sampled.malformed,
            "bytes": sampled.size,
            "asked": len(sampled.seen),
            "unseen_share": unseen(len(sampled.seen), population=sampled.objects),
            "shares": {trait.value: _span(share) for trait, share in sampled.shares().items()},
            "measured": None if measured is None else asdict(measured),
        },
    )
    for option in found:
        yield (
            "way",
            {
                "way": option.way.value,
                "available": option.available,
                **{name: _span(getattr(option, name)) for name in _SPANS},
                "currency": prices.currency,
                "bill": [
                    {"item": line.item, "count": line.count, "amount": _money(line.amount)}
                    for line in option.bill
                ],
                "levels": {level.name.lower(): n for level, n in option.levels.items()},
                "reasons": {reason.value: n for reason, n in option.reasons.items()},
            },
        )
    yield (
        "recommendation",
        {
            "ways": [{"way": s.option.way.value, "proves": s.proves} for s in advice.steps],
            "unproven": advice.unproven,
            "rivals": [{"way": w.value, "gigabyte_computed": _money(p)} for w, p in advice.rivals],
            "commands": list(commands),
        },
    )


_SPANS = (
    *("requests", "read", "computed", "tasks", "seconds", "money", "memory"),
    *("proven", "wrong", "open"),
)


def _span(span: Span) -> dict[str, float | None]:
    return asdict(span)


def _money(amount: object) -> str | None:
    return None if amount is None else str(amount)
