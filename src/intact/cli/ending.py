"""How a command ends: exit code, sentence and advice of whatever ended it."""

from __future__ import annotations

from typing import NamedTuple

import click

from intact.cli.advice import advice_on
from intact.errors import CorruptError, ExitCode, IntactError, UnprovenError, UsageError

_CODES: dict[type[IntactError], ExitCode] = {
    UsageError: ExitCode.USAGE,
    CorruptError: ExitCode.WRONG,
    UnprovenError: ExitCode.UNPROVEN,
}
"""How the command ends on errors that are not just its failure to finish."""


class Ending(NamedTuple):
    """What is told of an error.

    Attributes:
        code: Exit code.
        sentence: What is wrong.
        advice: What to do, line by line.
    """

    code: ExitCode
    sentence: str
    advice: list[str]


def ending(error: BaseException) -> Ending:
    """Tell an error of ours, of the command line, of the system, or of nobody's intention."""
    advice = [str(note) for note in getattr(error, "__notes__", ())]
    match error:
        case KeyboardInterrupt() | click.Abort():
            cause = error.__cause__  # click raises Abort from the KeyboardInterrupt
            advice += getattr(cause, "__notes__", ())
            return Ending(ExitCode.INTERRUPTED, "interrupted", advice)
        case click.UsageError():
            return Ending(ExitCode.USAGE, _sentence(error), [*advice, *_help_page(error)])
        case click.ClickException():
            return Ending(ExitCode.USAGE, _sentence(error), advice)
        case IntactError():
            advice = [*advice_on(error), *advice]
            codes = [code for kind, code in _CODES.items() if isinstance(error, kind)]
            return Ending(codes[0] if codes else ExitCode.UNFINISHED, str(error), advice)
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            code = ExitCode.UNFINISHED
            return Ending(code, f"{place}{error.strerror or error}", advice)
        case _ if type(error).__module__.startswith("botocore."):  # which is not to be imported
            usage = type(error).__name__ in {"ProfileNotFound", "NoRegionError"}
            code = ExitCode.USAGE if usage else ExitCode.UNFINISHED
            return Ending(code, str(error), [*advice_on(error), *advice])
        case _:
            what = f"a fault of intact: {type(error).__name__}: {error}"
            advice = ["Please report it, with what --debug shows."]
            return Ending(ExitCode.UNFINISHED, what, advice)


def _sentence(error: click.ClickException) -> str:
    """Click's sentence, begun and ended as ours are."""
    text = " ".join(error.format_message().split()).removesuffix(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _help_page(error: click.UsageError) -> list[str]:
    context = error.ctx or click.get_current_context(silent=True)
    return [] if context is None else [f"Try '{context.command_path} --help'."]
