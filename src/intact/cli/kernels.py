"""``intact kernels``: which native kernels this CPU can run."""

from __future__ import annotations

import click

from intact import _native, kernels
from intact.errors import ExitCode


@click.command(
    epilog="""\b
Example:
  $ intact kernels"""
)
def command() -> int:
    """Show every native kernel: whether this CPU can run it, and which one is in use."""
    rows = _native.kernels()
    width = max(len(name) for name, _ in rows)
    click.echo(f"{'kernel':<{width}}  usable  in use")
    for name, usable in rows:
        in_use = "yes" if name == kernels().in_use else ""
        click.echo(f"{name:<{width}}  {'yes' if usable else 'no':<6}  {in_use}".rstrip())
    return ExitCode.VERIFIED
