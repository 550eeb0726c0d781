"""What README and the site show is what happens.

Each page runs from top to bottom in a folder of its own, against a rehearsal endpoint over a local
S3 server with the buckets that all pages speak of: ``photos``, whose objects are those of the
folder ``album``, ``copies``, ``lists`` and ``reports``.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from intact.audit import Level, Reason, Verdict
from intact.batch.rules import RULES
from intact.errors import ExitCode
from intact.render.words import VERDICTS
from tests.scenes import furnished, surroundings
from tests.snippets import RUNNABLE, Snippet, play, snippets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from types_boto3_s3 import S3Client

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHOWN = [snippet for page in PAGES for snippet in snippets(page) if snippet.language in RUNNABLE]


@pytest.fixture
def scene(s3: S3Client, s3_server: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Environment of commands in ``tmp_path``, which holds the album that the bucket holds."""
    shutil.copy(ROOT / "README.md", tmp_path)
    with furnished(s3, tmp_path) as endpoint:
        yield surroundings(tmp_path, s3=s3_server, control=endpoint.url)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_runs_from_top_to_bottom(
    page: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    mine = [snippet for snippet in snippets(page) if snippet.language in RUNNABLE]
    run = [snippet for snippet in mine if snippet.mark not in {"shown only", "run", "file"}]
    environment = request.getfixturevalue("scene") if run else dict(os.environ)
    assert play(page, folder=tmp_path, environment=environment) >= len(run)


def test_most_of_what_is_shown_runs() -> None:
    only_shown = [snippet for snippet in SHOWN if snippet.mark == "shown only"]
    assert 0 < len(only_shown) < len(SHOWN) / 3
    assert all(len(snippet.value.split()) > 3 for snippet in only_shown), "a reason, in words"


@pytest.mark.parametrize("snippet", [s for s in SHOWN if s.mark == "run"], ids=lambda s: s.where)
def test_what_the_gate_runs_is_there(snippet: Snippet) -> None:
    gate = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert f"$(readme {snippet.value})" in gate


@pytest.fixture(scope="module")
def generated() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generated", ROOT / "docs/generated.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_report_says_of_verdicts_what_the_code_says(generated: ModuleType) -> None:
    told = generated.sentences(Verdict)
    assert {verdict.name: sentence for verdict, sentence in VERDICTS.items()} == told


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("verdicts", [verdict.value for verdict in Verdict]),
        ("reasons", [reason.sentence for reason in Reason]),
        ("levels", [level.name.lower() for level in Level]),
        ("exit-codes", [str(code.value) for code in ExitCode]),
        ("rules", [rule.name for rule in RULES]),
        ("cli", ["intact audit", "intact job submit", "--read-budget"]),
    ],
)
def test_the_reference_is_all_of_the_code(
    generated: ModuleType, part: str, words: list[str]
) -> None:
    text = generated.expand(f"<!-- generated: {part} -->")
    assert [word for word in words if word not in text] == []


def test_the_pages_ask_for_everything_that_is_generated(generated: ModuleType) -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    asked = {name for name in generated.PARTS if f"<!-- generated: {name} -->" in text}
    assert asked == set(generated.PARTS)
