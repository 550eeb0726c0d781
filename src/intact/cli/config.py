"""``intact.toml``: defaults of options.

Options of every command that has them stand at the top, those of one command in its table::

    region = "eu-west-1"

    [sum]
    algorithm = "SHA256"

    [job.submit]
    start = true

Names are those of the long options.  The command line beats the environment, which beats this
file, which beats AWS's own files.  It is looked for in the user's own folder of settings only: one
that somebody left in the current folder could name another server, and have its lies verified.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "intact.toml"

_ENVIRONMENT = {
    "profile": ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "endpoint-url": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    "control-endpoint-url": ("AWS_ENDPOINT_URL_S3_CONTROL", "AWS_ENDPOINT_URL"),
    "no-sign-request": (),
    "request-payer": (),
}
"""The options that may stand at the top, and the variables of AWS that beat them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the file says.

    Attributes:
        place: Name of the file.
        common: Options of every command that has them; what the environment says is left out.
        tables: Options of single commands.
    """

    place: str
    common: Mapping[str, Any]
    tables: Mapping[str, Any]

    def defaults(self, noun: str, command: click.Command) -> dict[str, Any]:
        """Defaults of a command's parameters, by the names that click gives them.

        Raises:
            UsageError: Its table names what the command does not have.
        """
        return self._defaults((noun,), command, self.tables.get(noun, {}))

    def _defaults(
        self, path: tuple[str, ...], command: click.Command, table: object
    ) -> dict[str, Any]:
        where = ".".join(path)
        if not isinstance(table, dict):
            raise UsageError(f"{self.place}: {where} is {table!r}; wanted the table [{where}]")
        parameters = {
            option.removeprefix("--"): parameter
            for parameter in command.params
            for option in parameter.opts
            if option.startswith("--")
        }
        verbs = command.commands if isinstance(command, click.Group) else {}
        for name in table:
            if name not in parameters and name not in verbs:
                wanted = ", ".join(sorted([*parameters, *verbs]))
                raise UsageError(f"{self.place}: [{where}] has {name!r}; wanted one of {wanted}")
        found = {**self.common, **table}
        defaults = {
            parameter.name or name: _value(parameter, found[name])
            for name, parameter in parameters.items()
            if name in found
        }
        inner = {
            verb: self._defaults((*path, verb), below, table.get(verb, {}))
            for verb, below in verbs.items()
        }
        return defaults | inner


def read_config(path: Path | None, *, environment: Mapping[str, str]) -> Config | None:
    """Read the file that was named, or the user's own ``intact.toml`` if there is one.

    Raises:
        UsageError: A file that was named is not there, or it is no TOML, or names no option.
    """
    place = path or own_folder(environment) / FILE
    try:
        members = _parse(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if path is None:
            return None
        raise UsageError(f"{place}: no such file; wanted defaults of options in TOML") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{place}: {error}; wanted defaults of options in TOML") from None
    tables = {name: value for name, value in members.items() if isinstance(value, dict)}
    common = {name: value for name, value in members.items() if name not in tables}
    for name in common:
        if name not in _ENVIRONMENT:
            wanted = ", ".join(_ENVIRONMENT)
            raise UsageError(f"{place}: {name!r} stands at the top; wanted one of {wanted}")
    heard = {
        name: value
        for name, value in common.items()
        if not any(environment.get(variable) for variable in _ENVIRONMENT[name])
    }
    return Config(place=str(place), common=heard, tables=tables)


def own_folder(environment: Mapping[str, str]) -> Path:
    """The user's folder of settings: what platformdirs says, without its import on Linux."""
    folder = environment.get("XDG_CONFIG_HOME") or f"{environment.get('HOME', '')}/.config"
    plain = sys.platform == "linux" and "ANDROID_DATA" not in environment
    if plain and folder[0] == "/" and folder != "/.config":
        return Path(folder) / "intact"
    from platformdirs import user_config_path  # noqa: PLC0415 - 6 ms at every start

    return user_config_path("intact", appauthor=False)


def _parse(text: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - 2 ms that only those with a file pay

    return tomllib.loads(text)


def _value(parameter: click.Parameter, value: object) -> object:
    """Fit a truth value to a flag that stands for a word, as ``--quiet`` does."""
    if isinstance(value, bool) and isinstance(parameter, click.Option):
        word = parameter.flag_value
        if isinstance(word, str):
            return word if value else None
    return value
