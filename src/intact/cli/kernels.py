"""``intact kernels``: which native kernels this CPU can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from intact import _native, kernels
from intact.cli.output import json_option
from intact.errors import ExitCode

if TYPE_CHECKING:
    from intact.cli.output import Output


@click.command(
    epilog="""\b
Example:
  $ intact kernels"""
)
@json_option
def command(*, output: Output) -> int:
    """Show every native kernel: whether this CPU can run it, and which one is in use."""
    rows = _native.kernels()
    width = max(len(name) for name, _ in rows)
    if not output.json:
        output.tell(f"{'kernel':<{width}}  usable  in use")
    for name, usable in rows:
        in_use = name == kernels().in_use
        text = f"{name:<{width}}  {'yes' if usable else 'no':<6}  {'yes' if in_use else ''}"
        output.datum("kernel", {"name": name, "usable": usable, "in_use": in_use}, text.rstrip())
    return ExitCode.VERIFIED
