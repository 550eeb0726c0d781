"""``intact demo``: the whole way once, on this machine."""

from __future__ import annotations

import shlex
import sysconfig
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import click

from intact.adapters.addresses import server_at
from intact.adapters.auditor import Auditor, discard
from intact.adapters.boto import BotoStore, s3_client
from intact.adapters.ledger import LedgerReader
from intact.adapters.s3control import describe_job, s3control_client
from intact.audit import Level, ReadMode, Subject, Verdict
from intact.audit.ledger import LEDGER
from intact.cli.options import Aws, s3_options
from intact.cli.output import json_option
from intact.cli.present import present
from intact.cli.progress import Bar
from intact.rehearsal.demo import ACCOUNT, WORKERS, rehearse, temporary_buckets
from intact.rehearsal.endpoint import BatchEndpoint
from intact.rehearsal.localstack import LocalStack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intact.cli.output import Output


@click.command(
    epilog="""\b
Example:
  $ intact demo
  $ intact demo --endpoint-url http://127.0.0.1:7070"""
)
@click.option(
    "--out",
    default="intact-demo",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for the ledger and the report.",
)
@json_option
@s3_options
def command(*, out: Path, output: Output, **aws: Any) -> int:  # noqa: ANN401 - fields of Aws
    """Copy, damage and audit a real tree on a local S3 server.

    Starts a real S3 server and a Batch Operations endpoint on loopback, uploads this Python's
    standard library and some odd objects, copies them with a batch job, damages six copies in six
    ways, and audits all.  Exits as the audit does: 1, since something is wrong.  Everything but
    the ledger and the report is removed at the end; those of an earlier demo are replaced.  With
    --endpoint-url, that S3 server is used instead of one started for this.
    """
    reach = Aws(**aws)
    out.mkdir(parents=True, exist_ok=True)
    ledger, page = out / LEDGER, out / "report.html"
    discard(ledger)
    with ExitStack() as stack:
        progress = stack.enter_context(Bar())
        if reach.endpoint_url is None:
            progress.phase("starting an S3 server")
            server = stack.enter_context(LocalStack.start(progress=progress.note))
            session = boto3.Session("demo", "demo", region_name="us-east-1")
            s3 = s3_client(session, endpoint_url=server.endpoint_url, connections=2 * WORKERS)
        else:
            session, s3 = reach.session(), reach.client(workers=2 * WORKERS)
        endpoint = stack.enter_context(BatchEndpoint(s3, workers=WORKERS))
        control = s3control_client(session, endpoint_url=endpoint.url)
        buckets = stack.enter_context(temporary_buckets(s3, suffix=uuid.uuid4().hex[:12]))
        tree = Path(sysconfig.get_path("stdlib"))
        rehearsal = rehearse(s3, control, buckets=buckets, tree=tree, progress=progress)
        job = describe_job(control, account_id=ACCOUNT, job_id=rehearsal.job_id)
        store = BotoStore(s3)
        auditor = Auditor(
            subject=Subject.from_describe(job),
            source=store,
            destination=store,
            service=store,
            read=ReadMode.MISSING,
            require=Level.RECORDED,
            workers=WORKERS,
            server=server_at(s3.meta.endpoint_url, control=endpoint.url, ended=True),
        )
        now = datetime.now(UTC)
        auditor.run(ledger, created=now, version=version("intact"), progress=progress)
    again = shlex.join(["intact", "report", str(ledger), "--verify"])  # the job is gone
    code = present(ledger, output, html=page, following=again)
    _compare(rehearsal.damaged, ledger, output)
    return code


def _compare(damaged: Mapping[str, str], ledger: Path, output: Output) -> None:
    """Say how the audit's accusations compare with the damage done."""
    accused = {
        record.copy.destination.key
        for record in LedgerReader(ledger).records(besides=Verdict.VERIFIED)
        if record.copy.destination is not None
    }
    named, wronged = len(accused & set(damaged)), len(accused - set(damaged))
    members = {"damaged": len(damaged), "named": named, "wronged": wronged}
    text = f"{named} of {len(damaged)} damaged copies named, {wronged} right copies accused"
    output.record("damage", members)
    output.tell(text)
