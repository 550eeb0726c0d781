"""What ``spark-submit`` runs: every import is absolute, so this file may be copied anywhere.

The executors need this package, at the driver's version; docs/spark.md has the commands.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import click

from intact.adapters.addresses import control_beside, server_at
from intact.adapters.boto import BotoStore, s3_client
from intact.adapters.record import read_described
from intact.adapters.report import require_md5
from intact.adapters.spark.inputs import ComputedSource, Source, Sources
from intact.adapters.spark.job import SparkAudit
from intact.audit import Level, Policy, ReadMode, Subject
from intact.audit.ledger import Header
from intact.batch import ReportManifest
from intact.errors import IntactError, UsageError
from intact.s3 import ObjectRef
from intact.s3.names import parse_uri

_LEVELS = {level.name.lower(): level for level in Level if level.value >= Level.RECORDED.value}


@click.command()
@click.argument("job", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--manifest", help="Where the manifest lies, if not where the job had it.")
@click.option("--report", help="manifest.json of the job's report, if not where the job put it.")
@click.option("--computed", multiple=True, help="manifest.json of a Compute checksum report.")
@click.option("--work", required=True, help="Folder that every executor can write.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The ledger's folder.")
@click.option("--online", is_flag=True, help="Ask S3 about each object, from the executors.")
@click.option("--endpoint-url", metavar="URL", help="Address of another S3 server, to be asked.")
@click.option("--region", metavar="NAME", help="AWS Region.")
@click.option("--require", default="recorded", show_default=True, type=click.Choice(list(_LEVELS)))
@click.option("--buckets", default=64, show_default=True, help="Slices; 64 for 20 million objects.")
@click.option("--memory", default="1GB", show_default=True, help="DuckDB's, in each task.")
@click.option("--workers", default=16, show_default=True, help="Requests at a time in each task.")
def command(  # noqa: PLR0913 - one argument per option
    *,
    job: Path,
    manifest: str | None,
    report: str | None,
    computed: tuple[str, ...],
    work: str,
    out: Path,
    online: bool,
    endpoint_url: str | None,
    region: str | None,
    require: str,
    buckets: int,
    memory: str,
    workers: int,
) -> None:
    """Audit a finished copy job on the cluster that runs this.

    JOB is a file with the JSON that ``aws s3control describe-job`` printed.
    Inputs are ``s3://BUCKET/KEY`` or paths on a disk that every machine has.
    """
    from pyspark.sql import SparkSession  # noqa: PLC0415 - the cluster's own

    subject = Subject.from_describe(read_described(job))
    policy = Policy(
        reported=subject.report is not None and subject.reports_all_tasks,
        versioned="VersionId" in subject.fields,
        algorithm=subject.operation.checksum_algorithm,
        window=subject.window,
        read=ReadMode.NEVER,
        require=_LEVELS[require],
    )
    place = report or (subject.report and _uri(subject.report))
    sources = Sources(
        manifest=_manifest(subject, manifest),
        fields=subject.fields,
        report=report_parts(place) if place else None,
        computed=[ComputedSource(parts=report_parts(name)) for name in computed],
    )
    header = Header(
        policy=policy,
        subject=subject.name,
        created=datetime.now(UTC),
        intact=version("intact"),
        inputs=tuple(computed),
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
        memory_limit=memory,
        store=partial(store, endpoint_url=endpoint_url, region=region, workers=workers)
        if online
        else None,
        workers=workers,
    )
    audit.run(out / "ledger", header)
    click.echo(f"wrote {out / 'ledger'}; read it with: intact report {out / 'ledger'}")


def store(*, endpoint_url: str | None, region: str | None, workers: int) -> BotoStore:
    """Make an executor's store; its credentials are those of the machine that it runs on."""
    return BotoStore(s3_client(endpoint_url=endpoint_url, region=region, connections=workers))


def _manifest(subject: Subject, place: str | None) -> Source:
    """The job's own, bound to the ETag that the job was bound to where it lies in S3."""
    source = Source(path=place or _uri(subject.manifest))
    return replace(source, etag=subject.manifest_etag) if source.remote else source


def report_parts(place: str) -> list[Source]:
    """Name the files of a completion report, with their MD5s.

    Args:
        place: Its ``manifest.json``; where that is on disk, the files lie in ``results`` beside
            it, or beside it.

    Raises:
        FormatError: It is none, or not what the MD5 beside it promises.
    """
    text = b"".join(Source(path=place).chunks(0, None))
    if place.startswith("s3://"):
        ref = parse_uri(place)
        sidecar = b"".join(Source(path=f"{place}.md5").chunks(0, None))
        require_md5(ref, got=_md5(text), wanted=sidecar[:32].decode("ascii", "replace"))
    found = []
    for part in ReportManifest.parse(text).parts:
        name = part.key.rpartition("/")[2]
        path = _uri(ObjectRef(bucket=part.bucket, key=part.key))
        if not place.startswith("s3://"):
            beside = Path(place).parent
            path = str(beside / "results" / name)
            if not Path(path).exists():
                path = str(beside / name)
        found.append(Source(path=path, md5=part.md5))
    return found


def _uri(ref: ObjectRef) -> str:
    if ref.version_id is not None:
        raise UsageError(f"{ref} names a version; give a copy of it by its own address")
    return f"s3://{ref.bucket}/{ref.key}"


def _md5(text: bytes) -> str:

    return hashlib.md5(text, usedforsecurity=False).hexdigest()


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
