"""``intact job plan``: what a job will cost, and what each proof of it costs afterwards."""

from __future__ import annotations

from dataclasses import asdict
from importlib import resources
from typing import IO, TYPE_CHECKING, Any

import click

from intact.batch import JobSpec
from intact.batch.cost import Line, Prices, Proof, cheapest, job_cost, proof_cost, total
from intact.batch.workload import Workload, measure, sizes_in
from intact.cli.manifest import columns_of, open_manifest
from intact.cli.options import Aws, FileOrAddress, s3_options
from intact.cli.output import json_option
from intact.errors import ExitCode, StoreError, UsageError
from intact.s3.names import parse_uri

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from intact.cli.output import Output


@click.command(
    epilog="""\b
Examples:
  $ intact job plan job.json --objects 10000000 --bytes 1099511627776
  $ intact job plan job.json --manifest m.csv --columns Bucket,Key,Size
  $ intact job plan job.json --list s3://photos/2026/ --level independent

How long an audit of a finished job takes, and what it could prove: intact plan."""
)
@click.argument("file", type=click.File("rb"))
@click.option("--objects", type=click.IntRange(0), help="Objects of the job.")
@click.option("--bytes", "size", type=click.IntRange(0), help="Their bytes together.")
@click.option(
    "--manifest",
    type=FileOrAddress(),
    help="Manifest, with sizes, in which both are counted: a file or s3://BUCKET/KEY.",
)
@click.option(
    "--columns",
    metavar="NAMES",
    help="Columns of the manifest, as intact manifest lint has them; Size among them.",
)
@click.option("--list", "place", help="Count both by listing s3://BUCKET/PREFIX.")
@click.option(
    "--listed",
    default=0,
    type=click.IntRange(min=0),
    help="Objects of the bucket whose list S3 makes.",
)
@click.option("--prices", type=click.File("rb"), help="Another price list, as JSON.")
@click.option(
    "--level",
    type=click.Choice([proof.name.lower() for proof in Proof]),
    default="recorded",
    show_default=True,
    help="The least that an audit afterwards shall prove.",
)
@json_option
@s3_options
def plan(  # noqa: PLR0913 - one argument per option
    *,
    file: IO[bytes],
    objects: int | None,
    size: int | None,
    manifest: str | None,
    columns: str | None,
    place: str | None,
    listed: int,
    prices: IO[bytes] | None,
    level: str,
    output: Output,
    **aws: Any,  # noqa: ANN401 - fields of Aws
) -> int:
    """Print what a job costs, and what each level of proof of its copies costs afterwards.

    It asks about no object, so whether a level can be reached it cannot say.
    """
    from intact.cli.job import read_job  # noqa: PLC0415 - that module has this command

    spec = JobSpec.parse(read_job(file.read()))
    if manifest is not None and place is None and objects is None and size is None:
        with open_manifest(manifest, Aws(**aws)) as rows:
            load = measure(sizes_in(rows, columns=columns_of(rows, columns)), listed=listed)
    elif place is not None and manifest is None and objects is None and size is None:
        load = measure(_listed(place, Aws(**aws)), listed=listed)
    elif objects is not None and size is not None and manifest is None and place is None:
        load = Workload(objects=objects, size=size, listed=listed)
    else:
        raise UsageError("wanted either --manifest, or --list, or both --objects and --bytes")
    standard = resources.files("intact.batch").joinpath("prices.json")
    price_list = Prices.parse(prices.read() if prices else standard.read_bytes())
    output.record("workload", asdict(load))
    output.tell(f"{load.objects:,} objects of {load.size:,} bytes")
    if load.large:
        output.tell(f"{load.large:,} of them are too large for a copy task: intact manifest split")
    tell_prices(price_list, output)
    _bill("the job", "job", job_cost(spec, load, prices=price_list), output)
    for proof in Proof:
        title = f"proof, level {proof.value}, {proof.name.lower()}"
        _bill(title, proof.name.lower(), proof_cost(proof, load, prices=price_list), output)
    best = cheapest(Proof[level.upper()], load, prices=price_list)
    named = None if best is None else best.name.lower()
    output.record("cheapest", {"least": level, "proof": named})
    told = "none whose price is known" if named is None else named
    output.tell(f"cheapest proof of at least {level}: {told}")
    return ExitCode.VERIFIED


def _listed(place: str, reach: Aws) -> Iterator[int]:
    from intact.adapters.listing import list_objects  # noqa: PLC0415 - imports boto3

    ref = parse_uri(place)
    for found in list_objects(reach.client(workers=1), ref.bucket, prefix=ref.key):
        if found.size is None:
            raise StoreError(f"listing {place}: {found.source} has no size")
        yield found.size


def _bill(title: str, name: str, lines: list[Line], output: Output) -> None:
    output.record("bill", bill_members(name, lines))
    output.tell(f"{title}: {money(total(lines))}")
    for line in lines:
        output.tell(f"  {line.item:<16} {line.count:>20,} {money(line.amount):>14}")


def bill_members(name: str, lines: list[Line]) -> dict[str, Any]:
    """What something costs, for a record, which has decimal numbers as text."""
    told = [asdict(line) | {"amount": _exact(line.amount)} for line in lines]
    return {"bill": name, "total": _exact(total(lines)), "lines": told}


def _exact(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def tell_prices(prices: Prices, output: Output) -> None:
    """Say which price list speaks."""
    words = {"date": prices.date, "region": prices.region, "currency": prices.currency}
    output.record("prices", words)
    output.tell(f"prices of {prices.date}, {prices.region}, in {prices.currency}")


def money(amount: Decimal | None) -> str:
    """An amount for people."""
    return "unknown" if amount is None else f"{amount:,.2f}"
