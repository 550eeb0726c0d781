"""``intact audit``: proves what a finished copy job did."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from intact.audit import Level, ReadMode
from intact.audit.ledger import LEDGER
from intact.cli.evidence import (
    COMPUTE,
    INVOKE,
    evidence_report,
    expected_file,
    inventories,
    read_mode,
)
from intact.cli.options import LEAST_MEMORY, Address, Aws, Size, aws_options
from intact.cli.output import json_option
from intact.cli.present import present, show_first
from intact.cli.progress import Bar
from intact.cli.resuming import followed, resumable
from intact.cli.subject import subject_of, subject_options
from intact.errors import ExitCode, FormatError

if TYPE_CHECKING:
    from intact.cli.output import Output

_LEVELS = {level.name.lower(): level for level in Level if level.value >= Level.RECORDED.value}


@click.command(
    epilog="""\b
Examples:
  $ intact audit 6a4d1f20-... --account-id 111122223333
  $ intact audit described-job.json --read missing --read-budget 100GiB
  $ intact audit job.json.submitted --read sample:0.01 --extras
  $ intact audit described-job.json --client lean --processes 2
  $ intact audit described-job.json --computed compute-job.json --require computed
  $ intact audit described-job.json --offline --computed compute-job.json --memory 2GB
  $ intact audit described-job.json --invoked invoke-job.json --require read
  $ intact audit described-job.json --expect SHA256=SHA256SUMS --expect-prefix 2026/
  $ intact audit --manifest s3://lists/m.csv --target-resource arn:aws:s3:::copies
  $ intact audit --manifest s3://lists/m.csv --fields Bucket,Key,Ignore --carried SHA256 ...
  $ intact audit --replay intact-audit-20261122T030000Z/ledger"""
)
@subject_options(manifest="Manifest, where no job is known: s3://BUCKET/KEY.", kind=Address())
@click.option(
    "--computed",
    multiple=True,
    metavar="REPORT",
    help="A Compute checksum job over sources or copies: its id, its saved description, or "
    "the manifest.json of its report, on disk or as s3://BUCKET/KEY; may be repeated.",
)
@click.option(
    "--invoked",
    multiple=True,
    metavar="REPORT",
    help="A LambdaInvoke job of the function that `intact function` packages, created after the "
    "copy job ended: forms as those of --computed; may be repeated.",
)
@click.option(
    "--expect",
    multiple=True,
    metavar="[ALGORITHM=]FILE",
    help="Digests that somebody else recorded of the sources: lines as sha256sum prints them, "
    "a .csv with a header, or a .parquet; may be repeated.",
)
@click.option("--expect-prefix", default="", help="What keys begin with and names there do not.")
@click.option(
    "--carried",
    default="",
    metavar="NAMES",
    help="What the manifest's Ignore columns hold, in order: algorithms, Size, or - for nothing.",
)
@click.option(
    "--read",
    default=ReadMode.NEVER.value,
    show_default=True,
    metavar="never|missing|all|sample:P",
    help="When to read object bytes, which costs money: never, where S3's checksums are missing "
    "or cannot be compared, always, or for a fraction P of the objects.",
)
@click.option("--read-budget", type=Size(), help="Most bytes to read, such as 100GiB.")
@click.option(
    "--require",
    default="recorded",
    show_default=True,
    type=click.Choice(list(_LEVELS)),
    help="Weakest proof accepted: checksums that S3 recorded; one that the copy cannot have "
    "carried over; both computed at rest; or bytes read here.",
)
@click.option("--extras", is_flag=True, help="List what the destination holds besides.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the ledger; an unfinished audit in it is gone on with.",
)
@click.option(
    "--sign-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Ed25519 private key, as PEM.",
)
@click.option(
    "--replay",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Ask nobody: recompute every verdict of this ledger from its evidence.",
)
@click.option(
    "--offline",
    is_flag=True,
    help="Send no request per object: judge by manifest, reports and inventories alone.",
)
@click.option(
    "--inventory",
    multiple=True,
    metavar="SIDE=MANIFEST.JSON",
    help="With --offline: an S3 Inventory of the bucket of the sources or of the copies (SIDE is "
    "source or destination) in CSV, ORC or Parquet, on disk or as s3://BUCKET/KEY, taken after the "
    "job ended.",
)
@click.option(
    "--memory",
    type=Size(decimal=True, least=LEAST_MEMORY),
    default="2GB",
    show_default=True,
    help="Memory of an offline audit.",
)
@click.option(
    "--workers",
    default=16,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many at a time: requests of boto3.",
)
@click.option(
    "--client",
    type=click.Choice(["boto3", "lean"]),
    default="boto3",
    show_default=True,
    help="Who asks S3; the ledger is the same.  The lean client asks as fast as S3 lets it, at a "
    "fraction of the processor time, and leaves to boto3 whatever is out of the ordinary.",
)
@click.option(
    "--processes",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes of the lean client, to use several cores; not with --read-budget.",
)
@json_option
@aws_options
@click.pass_context
def command(  # noqa: PLR0913 - one argument per option, and one refusal per contradiction
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
    computed: tuple[str, ...],
    invoked: tuple[str, ...],
    expect: tuple[str, ...],
    expect_prefix: str,
    carried: str,
    read: str,
    read_budget: int | None,
    require: str,
    extras: bool,
    out: Path | None,
    sign_key: Path | None,
    replay: Path | None,
    offline: bool,
    inventory: tuple[str, ...],
    memory: int,
    workers: int,
    client: str,
    processes: int,
    output: Output,
    **aws: Any,  # noqa: ANN401 - fields of Aws
) -> int:
    """Prove what a finished copy job did, object by object.

    JOB is the id of a job, the record that intact job watch kept of it, or a file with the JSON
    that aws s3control describe-job printed.
    Every row of the manifest ends in exactly one verdict; the ledger keeps it with its evidence.
    What interrupts an audit, a kill included, costs the last seconds: run it again with the same
    --out.
    """
    from intact.adapters.auditor import (  # noqa: PLC0415 - imports boto3 and DuckDB
        EXTRAS,
        LEFTOVERS,
        Auditor,
    )
    from intact.adapters.clients import Asking, Client  # noqa: PLC0415 - imports boto3
    from intact.adapters.collector import collect_rarely  # noqa: PLC0415 - used here only
    from intact.adapters.signing import signer  # noqa: PLC0415 - used here only
    from intact.adapters.terms import ReadTerms  # noqa: PLC0415 - beside it

    if replay is not None:
        if job is not None or manifest is not None:
            raise click.UsageError("--replay asks nobody, so it takes neither JOB nor --manifest")
        return _replay(replay, output)
    reach = Aws(**aws)
    if invoked and job is None:
        raise click.UsageError("--invoked needs JOB, whose end tells which answers came after it")
    subject = subject_of(
        job,
        account_id=account_id,
        manifest=manifest,
        fields=fields,
        target_resource=target_resource,
        target_key_prefix=target_key_prefix,
        checksum_algorithm=checksum_algorithm,
        reach=reach,
    )
    created = datetime.now(UTC)
    sign = signer(sign_key) if sign_key is not None else None
    folder = out or Path(f"intact-audit-{created:%Y%m%dT%H%M%SZ}")
    reports = tuple(
        evidence_report(name, operation=COMPUTE, account_id=account_id, reach=reach)
        for name in computed
    )
    if inventory and not offline:
        raise click.UsageError("--inventory needs --offline")
    if offline:
        if extras or expect or carried or invoked or read != ReadMode.NEVER.value:
            raise click.UsageError(
                "--offline reads reports and inventories alone; wanted no --read, --expect, "
                "--carried, --invoked, --extras"
            )
        from intact.adapters.offline.auditor import OfflineAuditor  # noqa: PLC0415 - imports pyarrow

        folder.mkdir(parents=True, exist_ok=True)
        with Bar() as progress, resumable(context, folder):
            OfflineAuditor(
                subject=subject,
                service=reach.store(workers=workers),
                require=_LEVELS[require],
                computed=reports,
                inventories=inventories(inventory),
                memory=f"{memory}B",
                server=reach.server,
            ).run(
                folder / LEDGER,
                created=created,
                version=version("intact"),
                progress=progress,
                sign=sign,
            )
        return present(folder / LEDGER, output, reach=followed(context))
    mode, fraction = read_mode(read)
    terms = ReadTerms(fraction=fraction, subject=subject.name, budget=read_budget)
    store = reach.store(workers=workers)
    auditor = Auditor(
        subject=subject,
        source=store,
        destination=store,
        service=store,
        read=mode,
        require=_LEVELS[require],
        workers=workers,
        terms=terms,
        computed=reports,
        invoked=tuple(
            evidence_report(name, operation=INVOKE, account_id=account_id, reach=reach)
            for name in invoked
        ),
        expected=tuple(expected_file(text, prefix=expect_prefix) for text in expect),
        carried=tuple(carried.split(",")) if carried else (),
        extras=extras,
        server=reach.server,
        asking=Asking(
            client=Client(client),
            processes=processes,
            make=partial(reach.lean, workers=workers),
        ),
    )
    folder.mkdir(parents=True, exist_ok=True)
    collect_rarely()
    with Bar() as progress, resumable(context, folder):
        auditor.run(
            folder / LEDGER,
            created=created,
            version=version("intact"),
            progress=progress,
            sign=sign,
        )
    code = present(folder / LEDGER, output, reach=followed(context))
    for name in (LEFTOVERS, EXTRAS):
        show_first(folder / name, output)
    return code


def _replay(ledger: Path, output: Output) -> int:
    """Say what of a ledger does not follow from its evidence.

    Raises:
        FormatError: Something does not.
    """
    from intact.adapters.ledger import LedgerReader  # noqa: PLC0415 - imports pyarrow
    from intact.adapters.verify import contradictions, words  # noqa: PLC0415 - imports pyarrow

    reader, found = LedgerReader(ledger), 0
    for record, replayed in contradictions(reader):
        found += 1
        said, meant = words(record.finding), words(replayed)
        output.datum(
            "contradiction",
            {"row": record.copy.row, "ledger": said, "evidence": meant},
            f"row {record.copy.row}: the ledger says {said}; its evidence says {meant}",
        )
    output.summarize({"records": reader.seal.records, "contradictions": found})
    if found:
        raise FormatError(f"{ledger}: {found:,} of {reader.seal.records:,} verdicts do not follow")
    output.tell(f"All {reader.seal.records:,} verdicts follow from their evidence.")
    return ExitCode.VERIFIED
