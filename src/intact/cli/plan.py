"""``intact plan``: what each way of auditing a copy job takes, and could prove."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from intact.audit import Level, Policy
from intact.audit.plan import options, recommend
from intact.audit.sampled import Means, Sampled, Terms
from intact.batch.cost import Prices
from intact.batch.rates import Rates
from intact.cli.options import LEAST_MEMORY, Aws, FileOrAddress, Size, aws_options
from intact.cli.output import json_option
from intact.cli.planning import Place, following, records
from intact.cli.progress import Bar
from intact.cli.subject import subject_of, subject_options
from intact.errors import ExitCode
from intact.render.plan import plan_lines

if TYPE_CHECKING:
    from intact.audit import Subject
    from intact.cli.output import Output

_LEVELS = {level.name.lower(): level for level in Level if level.value >= Level.RECORDED.value}


@click.command(
    epilog="""\b
Examples:
  $ intact plan 6a4d1f20-... --account-id 111122223333
  $ intact plan job.json.submitted --require computed --prices ours.json
  $ intact plan --manifest s3://lists/m.csv --target-resource arn:aws:s3:::copies --json
  $ intact plan --manifest m.csv --fields Bucket,Key,Ignore --carried Size --sample 0 \\
      --target-resource arn:aws:s3:::copies

What a job will cost before it runs, and each level of proof by price alone: intact job plan."""
)
@subject_options(
    manifest="Manifest, where no job is known: a file or s3://BUCKET/KEY.", kind=FileOrAddress()
)
@click.option(
    "--carried",
    default="",
    metavar="NAMES",
    help="What the manifest's Ignore columns hold, in order; Size makes bytes exact.",
)
@click.option(
    "--require",
    default="recorded",
    show_default=True,
    type=click.Choice(list(_LEVELS)),
    help="Weakest proof accepted, as intact audit has it.",
)
@click.option(
    "--sample",
    default=400,
    show_default=True,
    type=click.IntRange(0),
    help="Objects to ask about, by two HeadObject requests or a few more each; 0 asks about none.",
)
@click.option(
    "--workers",
    default=16,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many at a time: requests of boto3.",
)
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Processes of the lean client.",
)
@click.option(
    "--executors",
    default=2,
    show_default=True,
    type=click.IntRange(1),
    help="Cores of the Spark cluster.",
)
@click.option(
    "--memory",
    type=Size(decimal=True, least=LEAST_MEMORY),
    default="2GiB",
    show_default=True,
    help="Memory of an offline audit.",
)
@click.option("--rates", type=click.File("rb"), help="Your own figures, as JSON.")
@click.option("--prices", type=click.File("rb"), help="Another price list, as JSON.")
@json_option
@aws_options
@click.pass_context
def command(  # noqa: PLR0913 - one argument per option
    context: click.Context,
    /,
    *,
    job: str | None,
    account_id: str | None,
    manifest: str | None,
    fields: str,
    target_resource: str | None,
    target_key_prefix: str | None,
    checksum_algorithm: str | None,
    carried: str,
    require: str,
    sample: int,
    workers: int,
    processes: int,
    executors: int,
    memory: int,
    rates: IO[bytes] | None,
    prices: IO[bytes] | None,
    output: Output,
    **aws: Any,  # noqa: ANN401 - fields of Aws
) -> int:
    """Say how long each way of auditing a finished copy job takes, and what it could prove.

    JOB is what intact audit takes.  Its manifest is read once; a sample of it, the same each time,
    is asked about on both sides; all else is extrapolated, with its uncertainty.  Recommended is
    the cheapest way that proves whatever any way can, and the commands that take it.

    Exit code 3: nothing is recommended, or some of the sample is proven by no way.
    """
    reach = Aws(**aws)
    local = None if manifest is None or manifest.startswith("s3://") else Path(manifest)
    subject = subject_of(
        job,
        account_id=account_id,
        manifest=manifest if local is None else f"s3://BUCKET/{local.name}",
        fields=fields,
        target_resource=target_resource,
        target_key_prefix=target_key_prefix,
        checksum_algorithm=checksum_algorithm,
        reach=reach,
    )
    beside = resources.files("intact.batch")
    price_list = Prices.parse(
        beside.joinpath("prices.json").read_bytes() if prices is None else prices.read()
    )
    figures = Rates.parse(
        beside.joinpath("rates.json").read_bytes(), b"{}" if rates is None else rates.read()
    )
    means = Means(
        workers=workers,
        processes=processes,
        processors=os.cpu_count() or 1,
        executors=executors,
        memory=memory,
        job=job is not None,
    )
    sampled, policy = _sampled(
        subject,
        reach,
        local=local,
        carried=tuple(carried.split(",")) if carried else (),
        most=sample,
        workers=workers,
        require=_LEVELS[require],
    )
    terms = Terms(policy=policy, means=means, rates=figures, prices=price_list)
    found = options(sampled, terms)
    advice = recommend(found)
    place = Place(
        context=context,
        subject=subject,
        local=local,
        means=means,
        policy=policy,
        objects=sampled.objects,
    )
    lines = list(following(advice, place))
    if not advice.steps or advice.unproven:
        output.worsen(ExitCode.UNPROVEN)
    for kind, members in records(sampled, found, advice, lines, prices=price_list):
        output.record(kind, members)
    for line in plan_lines(sampled, found, advice, prices=price_list):
        output.tell(line)
    if lines:
        output.tell("next:")
    for line in lines:
        output.tell(f"  {line}")
    return ExitCode.VERIFIED


def _sampled(  # noqa: PLR0913 - keywords all but two
    subject: Subject,
    reach: Aws,
    *,
    local: Path | None,
    carried: tuple[str, ...],
    most: int,
    workers: int,
    require: Level,
) -> tuple[Sampled, Policy]:
    """Read the manifest, ask about a sample, and say by which terms."""
    from intact.adapters.sampling import ask, draw  # noqa: PLC0415 - imports boto3

    with Bar() as progress:
        progress.phase("reading the manifest")
        store = reach.store(workers=workers)
        drawn = draw(subject, store, local=local, carried=carried, most=most)
        policy = Policy(
            reported=False,
            versioned=drawn.versioned,
            algorithm=subject.operation.checksum_algorithm,
            window=subject.window,
            require=require,
        )
        seen, measured = ask(
            drawn,
            reach.lean(workers=workers),
            destination=subject.operation.destination,
            policy=policy,
            workers=workers,
            progress=progress,
        )
    sampled = Sampled(
        objects=drawn.objects,
        malformed=drawn.malformed,
        size=drawn.size,
        seen=seen,
        measured=measured,
    )
    return sampled, policy
