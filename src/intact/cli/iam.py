"""``intact iam``: least privilege for exactly one job."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

import click

from intact.batch import JobSpec
from intact.batch.accounts import bucket_policy, key_policy
from intact.batch.iam import (
    Access,
    access,
    auditor_policy,
    job_role_policy,
    submitter_policy,
    trust_policy,
)
from intact.batch.infrastructure import cloudformation, terraform
from intact.cli.output import json_option
from intact.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from intact.batch.iam import Policy
    from intact.cli.output import Output


@click.group()
def command() -> None:
    """Print the permissions that one job needs, and no more."""


def job_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what names a job, and what its request does not say about its permissions."""
    for option in reversed(
        (
            click.argument("file", type=click.File("rb")),
            click.option(
                "--source",
                "sources",
                multiple=True,
                metavar="BUCKET[/PREFIX]",
                help="Where the objects are; repeatable.  A generated list says it itself.",
            ),
            click.option("--source-key", multiple=True, help="ARN of a KMS key of the objects."),
            click.option(
                "--target-key", multiple=True, help="ARN of a KMS key of what is written."
            ),
        )
    ):
        function = option(function)
    return function


format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["json", "terraform", "cloudformation"]),
    default="json",
    show_default=True,
    help="What to print.",
)


def read_access(
    file: IO[bytes],
    sources: tuple[str, ...],
    source_key: tuple[str, ...],
    target_key: tuple[str, ...],
) -> Access:
    """Read the job that ``job_options`` name."""
    from intact.cli.job import read_job  # noqa: PLC0415 - the other noun, for one function

    spec = JobSpec.parse(read_job(file.read()))
    if spec.manifest_generator is None and not sources:
        raise click.UsageError("nothing says where the objects are; give --source BUCKET[/PREFIX]")
    return access(spec, sources=sources, source_keys=source_key, target_keys=target_key)


def print_policy(
    output: Output, form: str, policy: Policy, *, name: str, trust: Policy | None = None
) -> int:
    """Print a role's permissions, and whom it trusts, in one of three forms."""
    if form == "terraform":
        document = terraform(policy, name=name, trust=trust)
    elif form == "cloudformation":
        document = cloudformation(policy, name=name, trust=trust)
    else:
        document = policy if trust is None else {"trust": trust, "permissions": policy}
    members = {"format": form, "document": document}
    output.datum("policy", members, json.dumps(document, indent=2))
    return ExitCode.VERIFIED


@command.command(
    "job-role",
    epilog="""\b
Example:
  $ intact iam job-role job.json --source photos/2026/ --format terraform > role.tf.json""",
)
@job_options
@format_option
@json_option
def job_role(*, form: str, output: Output, **job: Any) -> int:  # noqa: ANN401 - passed on
    """Print the trust and the permissions of the role that the job's tasks run under."""
    found = read_access(**job)
    name = found.spec.role_arn.rsplit("/", 1)[-1]
    policy, trust = job_role_policy(found), trust_policy(found)
    return print_policy(output, form, policy, name=name, trust=trust)


def _user_command(noun: str, policy: Callable[[Access], Policy], sentence: str) -> click.Command:
    """Make a command that prints the permissions of somebody."""

    @json_option
    def printed(*, form: str, output: Output, **job: Any) -> int:  # noqa: ANN401 - passed on
        return print_policy(output, form, policy(read_access(**job)), name=f"intact-{noun}")

    example = f"\b\nExample:\n  $ intact iam {noun} job.json --source photos"
    decorated = job_options(format_option(printed))
    return click.command(noun, help=sentence, epilog=example)(decorated)


command.add_command(
    _user_command(
        "auditor",
        auditor_policy,
        "Print the permissions of whoever audits the job; none of them writes.",
    )
)
command.add_command(
    _user_command(
        "submitter",
        submitter_policy,
        "Print the permissions of whoever submits and follows the job.",
    )
)


@command.command(
    "bucket-policy",
    epilog="""\b
Examples:
  $ intact iam bucket-policy job.json --source photos --bucket photos
  $ intact iam bucket-policy job.json --source photos --bucket copies""",
)
@job_options
@click.option("--bucket", required=True, help="A bucket of another account.")
@json_option
def policy_of_bucket(*, bucket: str, output: Output, **job: Any) -> int:  # noqa: ANN401 - passed on
    """Print what a bucket of another account must allow the job's role.

    The bucket may be that of the objects, the copies, the manifest or the report.
    """
    policy = bucket_policy(read_access(**job), bucket=bucket)
    return print_policy(output, "json", policy, name=bucket)


@command.command(
    "key-policy",
    epilog="""\b
Example:
  $ intact iam key-policy job.json --source photos --source-key KEY_ARN --key KEY_ARN""",
)
@job_options
@click.option("--key", required=True, help="ARN of a KMS key of another account.")
@json_option
def policy_of_key(*, key: str, output: Output, **job: Any) -> int:  # noqa: ANN401 - passed on
    """Print what a KMS key of another account must allow the job's role, besides its policy."""
    return print_policy(output, "json", key_policy(read_access(**job), key=key), name=key)
