"""Virtual environments for programs that cannot share ours: made once, from pinned requirements.

An environment is finished when its marker file exists, which is written last; without it,
whatever is there is half-made and is made again.  The lock is held by the pip process too, so an
installation whose owner was killed is waited for, never overwritten while it writes.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import platformdirs

from intact.errors import StoreError

if sys.platform != "win32":
    import fcntl

_MARKER: Final = "complete"
_TAIL_LINES: Final = 12
_VERBS: Final = {"Collecting": "fetching", "Building wheel for": "building"}
_STEP: Final = re.compile(r"\s*(Collecting|Building wheel for) ([\w.-]+)(?:==(\S+))?")

# pip's settings that would put the packages elsewhere, or change which ones they are.
_MISPLACING: Final = frozenset(
    f"PIP_{name}"
    for name in ("CONSTRAINT", "DRY_RUN", "PREFIX", "REQUIREMENT", "ROOT", "TARGET", "USER")
)

_PIP: Final = ("-I", "-m", "pip", "install", "--no-input", "--progress-bar=off")


def make_environment(
    requirements: Path,
    *,
    progress: Callable[[str], None],
    cache: Path | None = None,
    finish: str = "",
    interpreter: str = sys.executable,
) -> Path:
    """Make the environment unless it exists, and return the path of its Python interpreter.

    Its directory is named for the file ``NAME-requirements.txt`` and a digest of it and of this
    interpreter's ABI, below ``cache`` or else the user's cache directory.  ``interpreter`` makes
    it; ``finish`` is Python source that its own interpreter runs last.  ``progress`` receives a
    line per step.  pip's own configuration holds: index, proxy, CA bundle.

    Raises:
        StoreError: The platform is Windows, the directory cannot be written, or venv, pip or the
            last run failed; the message ends with what they printed, without credentials.
    """
    name = requirements.stem.removesuffix("-requirements")
    if sys.platform == "win32":
        raise StoreError(f"{name}: runs on Linux and macOS only")
    tag = hashlib.sha256(requirements.read_bytes())
    tag.update(repr((sysconfig.get_config_var("SOABI"), finish)).encode())
    home = cache or platformdirs.user_cache_path("intact")
    directory = home / f"{name}-{sys.implementation.cache_tag}-{tag.hexdigest()[:16]}"
    try:
        if not _is_complete(directory):
            home.mkdir(parents=True, exist_ok=True)
            with _locked(directory.with_suffix(".lock"), progress=progress) as lock:
                if not _is_complete(directory):
                    _build(
                        directory,
                        (
                            ("venv", (interpreter, "-I", "-m", "venv", str(directory))),
                            ("pip", (str(_python(directory)), *_PIP, "-r", str(requirements))),
                            ("setup", (str(_python(directory)), "-I", "-c", finish)),
                        ),
                        progress=progress,
                        lock=lock,
                    )
    except BrokenPipeError:
        raise  # of progress, for nothing here writes to a pipe
    except OSError as error:
        raise StoreError(f"{name}: cannot be installed in {directory}: {error}") from error
    return _python(directory)


def redact(text: str) -> str:
    """``text`` without what may be a credential in a URL: its user part and its query.

    An index URL is the user's configuration and often holds a password.  Removes too much rather
    than too little: everything from ``://`` to the last ``@`` of the word.
    """
    return re.sub(r"(://[^\s?]*)\?\S+", r"\1?***", re.sub(r"://\S*@", "://***@", text))


def _python(directory: Path) -> Path:
    return directory / "bin" / "python"


def _is_complete(directory: Path) -> bool:
    """Whether the marker is there, and the interpreter that the environment links to as well."""
    return (directory / _MARKER).exists() and _python(directory).exists()


@contextmanager
def _locked(path: Path, *, progress: Callable[[str], None]) -> Iterator[int]:
    """Hold the lock file; the kernel lets go of it when the last holder of the descriptor ends."""
    with path.open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another process that installs it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _build(
    directory: Path,
    steps: Iterable[tuple[str, tuple[str, ...]]],
    *,
    progress: Callable[[str], None],
    lock: int,
) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    progress(f"making a virtual environment in {directory}")
    try:
        for name, command in steps:
            _run(name, command, progress, lock)
        (directory / _MARKER).touch()
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def _run(what: str, command: tuple[str, ...], progress: Callable[[str], None], lock: int) -> None:
    """Run one step, which shares the lock, to its end."""
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    with subprocess.Popen(  # noqa: S603 -- our own interpreter and constants
        command,
        env={key: value for key, value in os.environ.items() if key not in _MISPLACING},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        pass_fds=(lock,),
    ) as process:
        try:
            for line in process.stdout or ():
                tail.append(redact(line.rstrip()))
                if step := _STEP.match(line):
                    progress(" ".join(filter(None, (_VERBS[step[1]], step[2], step[3]))))
                elif line.startswith("Installing collected packages:"):
                    progress(f"installing {line.count(',') + 1} packages")
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        reason = next((line for line in tail if line.startswith("ERROR")), "no reason given")
        raise StoreError(
            "\n  ".join((f"{what} ended with status {process.returncode}: {reason}", *tail))
        )
