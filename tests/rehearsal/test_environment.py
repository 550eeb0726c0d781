"""A pinned virtual environment: made once, whole or not at all, telling no secrets."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from intact.errors import StoreError
from intact.rehearsal.environment import make_environment, redact

if TYPE_CHECKING:
    from pathlib import Path

# In an environment that it makes, this interpreter is Python; and the "requirements" are a shell
# script that says and does what pip would.
INTERPRETER = """#!/bin/sh
for last; do :; done
case "$*" in
*"-m venv"*) mkdir -p "$last/bin" && cp "$0" "$last/bin/python" ;;
*"-m pip"*) . "$last" ;;
esac
"""
PROGRAM = """
import os, pathlib, signal, sys
from intact.rehearsal.environment import make_environment
requirements, cache, interpreter, end = sys.argv[1:]
def progress(line):
    print(line, flush=True)
    if end in line:
        os.kill(os.getpid(), signal.SIGKILL)
make_environment(
    pathlib.Path(requirements), progress=progress, cache=pathlib.Path(cache),
    interpreter=interpreter,
)
"""


@dataclass
class Recipe:
    """Where an environment is made, from what, and what was said."""

    home: Path
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.interpreter = self.home / "interpreter"
        self.interpreter.write_text(INTERPRETER, encoding="utf-8")
        self.interpreter.chmod(0o755)
        self.requirements = self.home / "requirements.txt"
        self.cache = self.home / "cache"

    def make(self, pip: str) -> Path:
        self.requirements.write_text(pip, encoding="utf-8")
        return make_environment(
            self.requirements,
            progress=self.said.append,
            cache=self.cache,
            interpreter=str(self.interpreter),
        )

    def spawn(self, pip: str, *, end: str) -> subprocess.Popen[str]:
        """The same in a process of its own, killed when a line of its progress contains ``end``."""
        self.requirements.write_text(pip, encoding="utf-8")
        places = (str(path) for path in (self.requirements, self.cache, self.interpreter))
        return subprocess.Popen(  # noqa: S603 - our own interpreter and a constant
            (sys.executable, "-c", PROGRAM, *places, end), stdout=subprocess.PIPE, text=True
        )


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    return Recipe(tmp_path)


def test_a_real_one_holds_a_working_python_and_runs_the_last_step_in_it(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("--no-index\n", encoding="utf-8")
    finish = "import pathlib, sys; pathlib.Path(sys.prefix, 'finished').touch()"
    python = make_environment(requirements, progress=print, cache=tmp_path, finish=finish)
    assert (python.parents[1] / "finished").exists()
    command = (python, "-c", "import sys; print(sys.prefix != sys.base_prefix)")
    assert subprocess.check_output(command, text=True) == "True\n"  # noqa: S603 - a constant


def test_it_is_made_once(recipe: Recipe) -> None:
    first = recipe.make("")
    said = len(recipe.said)
    assert recipe.make("") == first
    assert len(recipe.said) == said >= 1


def test_a_half_made_one_is_made_again(recipe: Recipe) -> None:
    directory = recipe.make("").parents[1]
    (directory / "complete").unlink()
    (directory / "left-behind").touch()
    assert recipe.make("").parents[1] == directory
    assert not (directory / "left-behind").exists()
    assert (directory / "complete").exists()


def test_one_whose_interpreter_is_gone_is_made_again(recipe: Recipe) -> None:
    recipe.make("").unlink()
    assert recipe.make("").exists()


def test_a_changed_pin_makes_another_beside_it(recipe: Recipe) -> None:
    first, second = recipe.make("# 1"), recipe.make("# 2")
    assert first != second
    assert first.exists()
    assert second.exists()


def test_progress_names_what_is_fetched(recipe: Recipe) -> None:
    recipe.make(
        "echo 'Collecting a.b-c==1.2 (from -r requirements.txt (line 1))'\n"
        "echo '  Downloading a.whl (1 kB)'\n"
        "echo 'Installing collected packages: a, b, c'\n"
    )
    assert recipe.said[1:] == ["fetching a.b-c 1.2", "installing 3 packages"]


def test_a_failure_says_why_without_the_password_and_leaves_nothing(recipe: Recipe) -> None:
    with pytest.raises(StoreError) as caught:
        recipe.make(
            "echo 'Looking in indexes: https://user:hunter2@host/simple'\n"
            "echo 'ERROR: No matching distribution found for a==1' >&2\n"
            "exit 7\n"
        )
    first, *rest = str(caught.value).splitlines()
    assert first == "pip ended with status 7: ERROR: No matching distribution found for a==1"
    assert "  Looking in indexes: https://***@host/simple" in rest
    assert [path.suffix for path in recipe.cache.iterdir()] == [".lock"]


def test_an_unwritable_cache_is_a_store_error(recipe: Recipe) -> None:
    recipe.cache.touch()
    with pytest.raises(StoreError, match="cannot be installed"):
        recipe.make("")


def test_of_two_processes_one_makes_it_and_one_waits(recipe: Recipe) -> None:
    both = [recipe.spawn("sleep 1", end="never") for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(output.partition(" ")[0] for output in outputs) == ["making", "waiting"]


def test_after_a_kill_midway_it_waits_for_the_orphaned_pip_and_is_made_again(
    recipe: Recipe,
) -> None:
    pip = f"echo 'Collecting a==1'; sleep 1; touch {recipe.home}/pip-ended"
    killed = recipe.spawn(pip, end="fetching")
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert not (recipe.home / "pip-ended").exists()
    assert recipe.make(pip).exists()
    assert recipe.said[0].startswith("waiting")


def test_the_users_pip_settings_cannot_put_it_elsewhere(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_TARGET", "elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "https://of.the.user/simple")
    assert recipe.make('test -z "$PIP_TARGET" && test -n "$PIP_INDEX_URL"').exists()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Looking in https://u:p@host/simple now", "Looking in https://***@host/simple now"),
        ("https://token@host/", "https://***@host/"),
        ("https://u:p@ss/w@host/simple", "https://***@host/simple"),
        ("https://host/simple?sig=secret", "https://host/simple?***"),
        ("git+ssh://git@host/x.git", "git+ssh://***@host/x.git"),
        ("nothing to see: a@b ?", "nothing to see: a@b ?"),
    ],
)
def test_what_may_be_a_credential_is_not_shown(said: str, shown: str) -> None:
    assert redact(said) == shown
