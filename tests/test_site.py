"""The site builds without a warning, has every public name, and no link of it leads nowhere."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

for needed in ("sphinx", "furo", "myst_parser"):
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} builds the site", allow_module_level=True)

DOCS = Path(__file__).parents[1] / "docs"
PACKAGES = ("intact", "intact.adapters", "intact.audit", "intact.render", "intact.s3")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("site")
    words = ["--quiet", "--fail-on-warning", "--keep-going", "-d", str(place / "doctrees")]
    command = [sys.executable, "-m", "sphinx", *words, str(DOCS), str(place / "html")]
    built = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert (built.returncode, built.stderr) == (0, "")
    return place / "html"


class Page(HTMLParser):
    """Links and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        for name, value in attrs:
            if name == "id":
                self.anchors.add(value or "")
            if name in {"href", "src"}:
                self.links.add(value or "")


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


def broken(pages: dict[Path, Page]) -> Iterator[str]:
    for path, page in pages.items():
        for link in page.links:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            there = (path.parent / unquote(url.path)).resolve() if url.path else path
            anchors = pages[there].anchors if there in pages else {unquote(url.fragment)}
            if not there.is_file() or unquote(url.fragment) not in anchors:
                yield f"{path.name}: {link}"


def test_every_page_is_there(pages: dict[Path, Page], site: Path) -> None:
    made = {str(path.relative_to(site).with_suffix("")) for path in pages}
    assert made >= {str(page.relative_to(DOCS).with_suffix("")) for page in DOCS.rglob("*.md")}


def test_no_link_leads_nowhere(pages: dict[Path, Page]) -> None:
    assert sum(len(page.links) for page in pages.values()) > len(pages)
    assert list(broken(pages)) == []


def methods(found: type) -> Iterator[str]:
    """Names of what a class of ours lets people call."""
    for base in found.__mro__:
        if base.__module__.startswith("intact"):
            for name, member in vars(base).items():
                if not name.startswith("_") and (callable(member) or isinstance(member, property)):
                    yield name


def test_every_public_name_has_its_place(site: Path) -> None:
    with (site / "objects.inv").open("rb") as file:
        assert file.readline() == b"# Sphinx inventory version 2\n"
        for _ in range(3):
            file.readline()
        told = zlib.decompress(file.read()).decode()
    names = {line.split()[0] for line in told.splitlines()}
    for package in PACKAGES:
        public = importlib.import_module(package).__all__
        assert public
        assert [name for name in public if f"{package}.{name}" not in names] == []
        for name in public:
            if isinstance(found := getattr(importlib.import_module(package), name), type):
                own = {f"{package}.{name}.{member}" for member in methods(found)}
                assert own <= names
