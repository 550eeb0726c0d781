"""``intact function``: the audit as a Lambda function that a LambdaInvoke job calls."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from intact.batch.iam import function_policy, function_trust_policy
from intact.cli.iam import format_option, job_options, print_policy, read_access
from intact.cli.output import json_option
from intact.errors import ExitCode

if TYPE_CHECKING:
    from intact.cli.output import Output

NAME = "intact-audit"


@click.group()
def command() -> None:
    """Audit copies beside the data, in a Lambda function.

    S3 Batch Operations calls the function with every object of a finished copy job; it reads both
    sides in their Region, and `intact audit JOB --invoked` judges what it found.
    """


class _Version(click.ParamType):  # type: ignore[type-arg] # generic since click 8.3
    """Two numbers with a dot between them."""

    name = "version"

    def convert(
        self,
        value: str | tuple[int, int],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[int, int]:
        """Read the numbers."""
        if isinstance(value, tuple):
            return value
        major, dot, minor = value.partition(".")
        if not (dot and major.isdecimal() and minor.isdecimal()):
            self.fail(f"{value!r}; wanted a version such as 2.34", param, ctx)
        return int(major), int(minor)


@command.command(
    epilog="""\b
Examples:
  $ intact function package intact.zip --architecture arm64
  $ intact function package intact.zip --wheel intact.whl --wheel xxhash.whl
\b
Then, with what `intact function policy` prints as the role:
  $ aws lambda create-function --function-name intact-audit --zip-file fileb://intact.zip \\
      --runtime python3.12 --architectures arm64 --role ROLE_ARN --timeout 900 \\
      --memory-size 1769 --handler intact.adapters.function.handler
\b
A second job, over the manifest of the copy job once that has ended, with this operation:
  {"LambdaInvoke": {"FunctionArn": "FUNCTION_ARN", "InvocationSchemaVersion": "2.0",
    "UserArguments": {"TargetResource": "arn:aws:s3:::copies", "TargetKeyPrefix": "2026"}}}
\b
  $ aws s3control create-job --cli-input-json file://invoke-job.json
  $ intact audit COPY_JOB_ID --account-id 111122223333 --invoked INVOKE_JOB_ID
\b
Other UserArguments: LargestRead in bytes (5 GiB), TargetOwner and SourceOwner as accounts.
Schema 1.0 has none; there the function's environment has them: INTACT_TARGET_RESOURCE, ..."""
)
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--architecture",
    type=click.Choice(["x86_64", "arm64"]),
    default="x86_64",
    show_default=True,
    help="Processor of the function.",
)
@click.option(
    "--wheel",
    "wheels",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Wheel of intact or xxhash, where those installed here do not run on Lambda; repeatable.",
)
@click.option(
    "--glibc",
    type=_Version(),
    help="C library of a container image of your own.  [default: that of Lambda's runtime]",
)
@json_option
def package(
    *,
    out: Path,
    architecture: str,
    wheels: tuple[Path, ...],
    glibc: tuple[int, int] | None,
    output: Output,
) -> int:
    """Write the deployment package of the function to the zip OUT.

    Equal inputs give equal bytes.  What Lambda could not load is refused.
    """
    from intact.adapters.bundle import write_bundle  # noqa: PLC0415 - used here only

    bundle = write_bundle(out, architecture=architecture, wheels=wheels, glibc=glibc)
    text = f"{out}: {bundle.files} files for {bundle.runtime} on {bundle.architecture}"
    output.datum("package", {"path": out, **asdict(bundle)}, text)
    return ExitCode.VERIFIED


@command.command(
    epilog="""\b
Example:
  $ intact function policy job.json --source photos/2026/ --format terraform > role.tf.json"""
)
@job_options
@format_option
@click.option("--name", default=NAME, show_default=True, help="Name of the function.")
@json_option
def policy(*, form: str, name: str, output: Output, **job: Any) -> int:  # noqa: ANN401 - passed on
    """Print the trust and the permissions of the function's role, for the copy job in FILE.

    Nothing of it writes, but the function's log.
    """
    found = read_access(**job)
    permissions = function_policy(found, name=name)
    return print_policy(output, form, permissions, name=name, trust=function_trust_policy())
