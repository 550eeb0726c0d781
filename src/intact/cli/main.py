"""The command ``intact``: finds the noun, turns errors into sentences and exit codes."""

from __future__ import annotations

import importlib
import sys
from typing import ClassVar

import click

from intact.errors import ExitCode, IntactError, UsageError

INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended: 128 plus SIGINT."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that ``--version`` is fast."""

    nouns: ClassVar[dict[str, str]] = {
        "audit": "Prove what a finished copy job did, object by object.",
        "bench": "Measure how fast the checksums are on this CPU.",
        "demo": "Copy, damage and audit a real tree on a local S3 server.",
        "iam": "Print the permissions that one job needs, and no more.",
        "job": "Build, check, submit and follow S3 Batch Operations jobs.",
        "kernels": "Show every native kernel and which one is in use.",
        "ledger": "Compare, merge and export ledgers.",
        "manifest": "Write, check and split the manifests of batch jobs.",
        "rehearse": "Run S3 Batch Operations on this machine.",
        "report": "Show what a ledger holds.",
        "sum": "Print S3 checksums of local files.",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in the order of the help page."""
        return list(self.nouns)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the command."""
        if cmd_name not in self.nouns:
            return None
        command: click.Command = importlib.import_module(f"intact.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the help page's list without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.nouns.items()))


@click.group(
    cls=LazyGroup,
    epilog="Exit codes: 0 all verified, 1 something is wrong, "
    "2 usage error, 3 none wrong but some not proven, 4 could not finish.",
)
@click.version_option(package_name="intact", message="%(prog)s %(version)s")
def cli() -> None:
    """Prove that S3 copies are intact."""


def main() -> None:
    """Run the command line and exit."""
    try:
        code = cli.main(prog_name="intact", standalone_mode=False)
    except click.exceptions.Exit as end:
        code = end.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        click.echo("interrupted", err=True)
        _echo_notes(error.__cause__ or error)  # click raises Abort from the KeyboardInterrupt
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except UsageError as error:
        click.echo(f"intact: {error}", err=True)
        code = ExitCode.USAGE
    except (IntactError, OSError) as error:
        click.echo(f"intact: {error}", err=True)
        _echo_notes(error)
        code = ExitCode.UNFINISHED
    sys.exit(code)


def _echo_notes(error: BaseException) -> None:
    """Say what to do next, where whoever saw the error knew it."""
    for note in getattr(error, "__notes__", ()):
        click.echo(note, err=True)
