"""What ``spark-submit`` runs: every import is absolute, so this file may be copied anywhere.

The executors need this package, at the driver's version; docs/howto/spark.md has the commands.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import click

from intact.adapters.addresses import control_beside, server_at
from intact.adapters.boto import BotoStore, s3_client
from intact.adapters.layout import as_written
from intact.adapters.record import read_described
from intact.adapters.spark.finding import Finder, words
from intact.adapters.spark.inputs import Sources
from intact.adapters.spark.job import SparkAudit
from intact.audit import Level, Policy, ReadMode, Subject
from intact.audit.ledger import Header
from intact.errors import IntactError

_LEVELS = {level.name.lower(): level for level in Level if level.value >= Level.RECORDED.value}


@click.command()
@click.argument("job", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--manifest", help="Where the manifest lies, if not where the job had it.")
@click.option("--report", help="manifest.json of the job's report, if not where the job put it.")
@click.option(
    "--computed",
    multiple=True,
    help="A Compute checksum job as describe-job printed it, or manifest.json of its report.",
)
@click.option(
    "--inventory",
    multiple=True,
    metavar="SIDE=MANIFEST.JSON",
    help="An S3 Inventory of either side (source or destination) in CSV, ORC or Parquet, taken "
    "after the job ended.",
)
@click.option("--work", required=True, help="Folder that every executor can write.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The ledger's folder.")
@click.option("--online", is_flag=True, help="Ask S3 about each object, from the executors.")
@click.option("--endpoint-url", metavar="URL", help="Address of another S3 server.")
@click.option("--region", metavar="NAME", help="AWS Region.")
@click.option("--require", default="recorded", show_default=True, type=click.Choice(list(_LEVELS)))
@click.option(
    "--buckets",
    type=click.IntRange(1),
    help="Slices of the keys; by default as many as are needed.",
)
@click.option(
    "--task-mib", type=click.IntRange(1), help="MiB of input in each task; by default as is needed."
)
@click.option("--memory", default="1GB", show_default=True, help="DuckDB's, in each task.")
@click.option("--workers", default=16, show_default=True, help="Requests at a time in each task.")
@click.option("--keep-work", is_flag=True, help="Leave this run's folder in --work.")
def command(  # noqa: PLR0913 - one argument per option
    *,
    job: Path,
    manifest: str | None,
    report: str | None,
    computed: tuple[str, ...],
    inventory: tuple[str, ...],
    work: str,
    out: Path,
    online: bool,
    endpoint_url: str | None,
    region: str | None,
    require: str,
    buckets: int | None,
    task_mib: int | None,
    memory: str,
    workers: int,
    keep_work: bool,
) -> None:
    """Audit a finished copy job on the cluster that runs this.

    JOB is a file with the JSON that ``aws s3control describe-job`` printed.
    Inputs are ``s3://BUCKET/KEY`` or paths on a disk that every machine has.
    A job that is named by its description binds what it computed to its own moment, a report
    alone does not.
    """
    from pyspark.sql import SparkSession  # noqa: PLC0415 - the cluster's own

    ours = partial(store, endpoint_url=endpoint_url, region=region, workers=workers)
    found = Finder(store=ours(), endpoint_url=endpoint_url, region=region)
    subject = Subject.from_describe(read_described(job))
    subject = as_written(subject, found.store, found.manifest(subject, manifest).chunks)
    policy = Policy(
        reported=subject.report is not None and subject.reports_all_tasks,
        versioned="VersionId" in subject.fields,
        algorithm=subject.operation.checksum_algorithm,
        window=subject.window,
        read=ReadMode.NEVER,
        require=_LEVELS[require],
    )
    sources = Sources(
        manifest=found.manifest(subject, manifest),
        fields=subject.fields,
        report=found.job_report(subject, report),
        computed=[found.computed(name) for name in computed],
        inventories=found.inventories(inventory),
    )
    header = Header(
        policy=policy,
        subject=subject.name,
        created=datetime.now(UTC),
        intact=version("intact"),
        inputs=tuple(map(words, computed + inventory)),
        server=server_at(endpoint_url, control=control_beside(endpoint_url))
        if endpoint_url
        else None,
        bound=subject.bound,
    )
    out.mkdir(parents=True, exist_ok=True)
    spark = SparkSession.builder.appName(f"intact {subject.name}").getOrCreate()
    audit = SparkAudit(
        spark=spark,
        subject=subject,
        policy=policy,
        sources=sources,
        work=work,
        buckets=buckets,
        each=None if task_mib is None else task_mib << 20,
        memory_limit=memory,
        store=ours if online else None,
        workers=workers,
        keep=keep_work,
    )
    left = audit.run(out / "ledger", header)
    click.echo(f"wrote {out / 'ledger'}; read it with: intact report {out / 'ledger'}")
    if left is not None:
        click.echo(f"intact: {left}", err=True)


def store(*, endpoint_url: str | None, region: str | None, workers: int) -> BotoStore:
    """Make an executor's store; its credentials are those of the machine that it runs on."""
    return BotoStore(s3_client(endpoint_url=endpoint_url, region=region, connections=workers))


def main() -> None:
    """Run the command; an error is a sentence."""
    try:
        command.main(standalone_mode=False)
    except IntactError as error:
        raise SystemExit(f"intact: {error}") from None
    except click.ClickException as error:
        error.show()
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
