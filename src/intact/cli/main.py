"""The command ``intact``: finds the noun, turns errors into sentences and exit codes."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import ClassVar

import click

from intact.cli.config import read_config
from intact.cli.ending import ending
from intact.errors import ExitCode


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that ``--version`` is fast."""

    nouns: ClassVar[dict[str, str]] = {
        "audit": "Prove what a finished copy job did, object by object.",
        "bench": "Measure how fast the checksums are on this CPU.",
        "completion": "Print the script that completes intact's commands in a shell.",
        "copy": "Copy objects that are too large for a batch job.",
        "demo": "Copy, damage and audit a real tree on a local S3 server.",
        "function": "Audit copies beside the data, in a Lambda function.",
        "get": "Download an object, proven by its checksum.",
        "iam": "Print the permissions that one job needs, and no more.",
        "job": "Build, check, submit and follow S3 Batch Operations jobs.",
        "kernels": "Show every native kernel and which one is in use.",
        "ledger": "Compare, merge and export ledgers.",
        "manifest": "Write, check and split the manifests of batch jobs.",
        "plan": "Say what each way of auditing a copy job takes, and could prove.",
        "put": "Upload a file, its CRC64NVME declared and confirmed.",
        "rehearse": "Run S3 Batch Operations on this machine.",
        "report": "Show what a ledger holds.",
        "retry": "Write the jobs that follow an audit.",
        "sum": "Print, check and compare S3 checksums of files and objects.",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in the order of the help page."""
        return list(self.nouns)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, and give it its table of ``intact.toml``."""
        if cmd_name not in self.nouns:
            return None
        command: click.Command = importlib.import_module(f"intact.cli.{cmd_name}").command
        _show_traces(command)
        if not ctx.resilient_parsing:  # which nobody waits for but a shell that completes
            config = read_config(ctx.params.get("config"), environment=os.environ)
            if config is not None:
                ctx.default_map = {cmd_name: config.defaults(cmd_name, command)}
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; when nobody reads its output any more, end as SIGPIPE would."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _print_to_nobody()
            raise click.exceptions.Exit(ExitCode.BROKEN_PIPE) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the help page's list without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.nouns.items()))


_EXIT_CODES = (
    "Exit codes: 0 all verified, 1 something is wrong, 2 usage error, 3 none wrong but some not "
    "proven, 4 could not finish, 130 interrupted; 4 beats 1 beats 3 beats 0."
)


@click.group(cls=LazyGroup, epilog=_EXIT_CODES)
@click.version_option(package_name="intact", message="%(prog)s %(version)s")
@click.option(
    "--config",
    envvar="INTACT_CONFIG",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Defaults of options, in TOML.  "
    "[default: intact.toml in your folder of settings, ~/.config/intact on Linux]",
)
def cli(*, config: Path | None) -> None:  # LazyGroup reads it
    """Prove that S3 copies are intact.

    An option is taken from the command line; else from the environment, where AWS has a variable
    for it; else from intact.toml; else from AWS's own files.
    """


def _keep_trace(context: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    if wanted and not context.meta.get(__name__):
        context.meta[__name__] = True
        context.find_root().call_on_close(_show_trace)


def _show_trace() -> None:
    """Print where the error that ends the program arose, if one does; its sentence follows."""
    error = sys.exc_info()[1]
    if error is not None and not isinstance(error, click.exceptions.Exit):
        traceback.print_exception(error)


_DEBUG = click.Option(
    ["--debug"],
    is_flag=True,
    expose_value=False,
    callback=_keep_trace,
    help="Show where in the program an error arose.",
)


def _show_traces(command: click.Command) -> None:
    """Let every command take ``--debug`` too, and not only the word before it."""
    if isinstance(command, click.Group):
        for verb in command.commands.values():
            _show_traces(verb)
    elif _DEBUG not in command.params:
        command.params.append(_DEBUG)


cli.params.append(_DEBUG)


def main() -> None:
    """Run the command line and exit."""
    try:
        code = cli.main(prog_name="intact", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = ExitCode.USAGE
    except BrokenPipeError:
        _print_to_nobody()
        code = ExitCode.BROKEN_PIPE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line before the user
        code, sentence, advice = ending(error)
        for line in (f"intact: {sentence}", *advice):
            click.echo(line, err=True)
    sys.exit(code)


def _print_to_nobody() -> None:
    """Let what is still in buffers go nowhere when Python flushes them at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
