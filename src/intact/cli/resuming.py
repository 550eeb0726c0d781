"""Tells people how to go on with an audit that ended early."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from intact.errors import IntactError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path


@contextmanager
def resumable(context: click.Context, folder: Path) -> Iterator[None]:
    """Note on whatever ends the block early how to go on, where there is something to go on with.

    Args:
        context: The command's.
        folder: What its ``--out`` is or should be.
    """
    from intact.adapters.auditor import STAGING  # noqa: PLC0415 - imports boto3 and DuckDB
    from intact.adapters.offline.auditor import WORK  # noqa: PLC0415 - as above

    try:
        yield
    except UsageError:
        raise
    except (IntactError, OSError, KeyboardInterrupt) as error:
        if any((folder / name).exists() for name in (STAGING, WORK)):
            error.add_note(
                f"What was found so far is kept; go on with:\n  {again(context, folder)}"
            )
        raise


def again(context: click.Context, folder: Path) -> str:
    """Return the command line of this call, with ``--out``, for a shell."""
    line = [context]
    while line[0].parent is not None:
        line.insert(0, line[0].parent)
    words = [
        word for each in line for word in (each.info_name or "", *given(each, besides={"out"}))
    ]
    return shlex.join([*words, "--out", str(folder)])


def given(context: click.Context, *, besides: Collection[str] = ()) -> Iterator[str]:
    """Yield the arguments and options of this call, passwords in addresses left out.

    Args:
        context: The command's.
        besides: Names of parameters to leave out.
    """
    for parameter in context.command.params:
        name = parameter.name or ""
        told = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not told or name in besides or name not in context.params:
            continue
        value = context.params[name]
        option = parameter.opts[0]
        if isinstance(parameter, click.Option) and parameter.is_flag:
            yield option if value else parameter.secondary_opts[0]
            continue
        for each in value if parameter.multiple else (value,):
            yield from (option,) * isinstance(parameter, click.Option)
            yield _without_password(str(each))


REACH = ("profile", "region", "endpoint_url", "control_endpoint_url")
_ONLY_S3 = ("no_sign_request", "request_payer")


_COPIES = ("target_resource", "target_key_prefix")


def reached(context: click.Context, *, besides: Collection[str] = ()) -> list[str]:
    """How this call was told to reach AWS or another server, for the commands that follow it.

    What the environment and the files of settings say, they say to those too.
    """
    return list(_given(context, {*REACH, *_ONLY_S3}.difference(besides)))


def followed(context: click.Context) -> list[str]:
    """The same, and what an audit was told of the copies."""
    return list(_given(context, {*_COPIES, *REACH, *_ONLY_S3}))


def _given(context: click.Context, names: Collection[str]) -> Iterator[str]:
    others = {parameter.name or "" for parameter in context.command.params}.difference(names)
    return given(context, besides=others)


def _without_password(word: str) -> str:
    """A URL without the user and password that it may hold; anything else as it is."""
    url = urlsplit(word)
    if "@" not in url.netloc:
        return word
    return url._replace(netloc=url.netloc.rpartition("@")[2]).geturl()
