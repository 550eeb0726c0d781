"""``intact completion``: the script that completes commands and options in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from intact.errors import ExitCode, UsageError

VARIABLE = "_INTACT_COMPLETE"
"""By which the script asks; click answers before any command runs."""


@click.command(
    epilog="""\b
Examples:
  $ intact completion bash > ~/.local/share/bash-completion/completions/intact
  $ intact completion zsh > ~/.zfunc/_intact
  $ intact completion fish > ~/.config/fish/completions/intact.fish"""
)
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
def command(*, shell: str) -> int:
    """Print the script that completes intact's commands and options in SHELL."""
    from intact.cli.main import cli  # noqa: PLC0415 - it imports this module when it is called

    found = get_completion_class(shell)
    if found is None:
        raise UsageError(f"no completion for {shell!r}; wanted bash, zsh or fish")
    click.echo(found(cli, {}, "intact", VARIABLE).source())
    return ExitCode.VERIFIED
