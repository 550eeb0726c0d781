"""What is packaged elsewhere says what ``pyproject.toml`` says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RECIPE: dict[str, Any] = yaml.safe_load(
    (ROOT / ".ci/conda/recipe.yaml").read_text(encoding="utf-8")
)
CONDA_NAMES = {"duckdb": "python-duckdb", "xxhash": "python-xxhash"}


def requirement(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"([\w-]+) ?(>=[\d.]+)", text.lower())
    assert found is not None
    return CONDA_NAMES.get(found[1], found[1]), found[2]


def test_the_recipe_needs_what_the_project_needs() -> None:
    wanted = {requirement(text) for text in PROJECT["project"]["dependencies"]}
    assert {requirement(text) for text in RECIPE["requirements"]["run"] if " " in text} == wanted
    tools = {requirement(text) for text in PROJECT["build-system"]["requires"]}
    assert {requirement(text) for text in RECIPE["requirements"]["host"] if " " in text} == tools


def test_the_recipe_is_of_this_version_and_runs_this_command() -> None:
    assert RECIPE["context"]["version"] == PROJECT["project"]["version"]
    command = PROJECT["project"]["scripts"]["intact"]
    assert RECIPE["build"]["python"]["entry_points"] == [f"intact = {command}"]


def test_every_action_is_pinned_by_hash_and_no_right_is_given_to_all() -> None:
    text = (ROOT / ".github/workflows/wheels.yml").read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)", text)
    assert used
    assert [action for action in used if not re.search(r"@[0-9a-f]{40}$", action)] == []
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        wanted = {"id-token": "write"} if name == "publish" else {"contents": "read"}
        assert job["permissions"] == wanted


def test_the_image_is_built_from_what_is_sent_to_it_and_runs_as_nobody_special() -> None:
    dockerfile = (ROOT / ".ci/Dockerfile").read_text(encoding="utf-8")
    sent = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    copied = {
        word.removesuffix("/")
        for words in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.MULTILINE)
        for word in words.split()
    }
    assert copied == sent
    last = dockerfile.rsplit("\nFROM ", maxsplit=1)[1]
    assert re.search(r"^USER [1-9]\d*$", last, re.MULTILINE)
