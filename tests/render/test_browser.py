"""The page in a real browser: rendering, search, sorting, hostile keys, accessibility."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.pages import HOSTILE, ledger, named, page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

MANY = 100_000
PHONE, DESK = {"width": 320, "height": 700}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window; skips by name where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    with api.sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        found = own if Path(own).exists() else next(filter(None, map(shutil.which, names)), None)
        if found is None:
            pytest.skip("Chromium is not installed")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def options(viewport: dict[str, int], scheme: str) -> Any:  # noqa: ANN401 - playwright's own
    return {"viewport": viewport, "color_scheme": scheme}


class Opened:
    """A page that was opened, and everything that went wrong or left it."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.told: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.told.append(message.text))
        page.on("pageerror", lambda error: self.told.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_function("document.getElementById('status')?.textContent !== ''")

    @property
    def objects(self) -> list[str]:
        return self.page.locator("#list .object").all_inner_texts()

    @property
    def status(self) -> str:
        return self.page.locator("#status").inner_text()

    def search(self, text: str) -> None:
        self.page.locator("#search").fill(text)
        self.page.locator("#search").press("Enter")

    def sort(self, name: str) -> None:
        self.page.locator("#list th").get_by_role("button", name=name).click()

    def column(self, name: str) -> list[str]:
        return self.page.locator(f"#list tbody td.c-{name}").all_inner_texts()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    ledgers = {
        "mixed": ledger(folder / "mixed", good=900, bad=120, hostile=12),
        "good": ledger(folder / "good", good=50),
        "many": ledger(folder / "many", bad=MANY),
        "odd": named(folder / "odd", "x/" * 500, " ", "  a b ", "plain"),
        "none": ledger(folder / "none"),
        "one": ledger(folder / "one", good=1),
    }
    for name, reader in ledgers.items():
        (folder / f"{name}.html").write_text(page(reader), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in ledgers}


@pytest.fixture
def opened(browser: Browser, files: dict[str, Path]) -> Iterator[Callable[..., Opened]]:
    contexts = []

    def open_page(name: str, **options: Any) -> Opened:  # noqa: ANN401 - playwright's own
        contexts.append(browser.new_context(**{"viewport": DESK} | options))
        return Opened(contexts[-1].new_page(), files[name])

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_renders_without_a_word_of_complaint(
    opened: Callable[..., Opened], viewport: dict[str, int], scheme: str
) -> None:
    it = opened("mixed", viewport=viewport, color_scheme=scheme)
    it.page.locator("#list .object").first.click()
    assert it.page.locator("h1").inner_text().startswith("Of 1,032 objects")
    assert it.page.get_by_role("table").count() == 3
    assert it.page.locator("#list .more").get_by_text("checksums").count()
    wide = it.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    assert it.told == []
    assert [url.rpartition("/")[2] for url in it.requests] == ["mixed.html"]


@pytest.mark.parametrize(
    ("name", "scheme", "viewport"),
    [
        ("mixed", "light", DESK),
        ("mixed", "dark", DESK),
        ("mixed", "light", PHONE),
        ("good", "dark", PHONE),
    ],
    ids=["light desk", "dark desk", "light phone", "all good"],
)
def test_the_page_is_accessible(
    browser: Browser, files: dict[str, Path], name: str, scheme: str, viewport: dict[str, int]
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = browser.new_context(**options(viewport, scheme))
    shown = context.new_page()
    shown.goto(files[name].as_uri())
    if shown.locator("#list .object").count():
        shown.locator("#list .object").first.click()
    found = axe.Axe().run(shown).response
    context.close()
    assert found["passes"]
    assert [(item["id"], item["nodes"][0]["html"]) for item in found["violations"]] == []


def test_a_key_that_attacks_is_shown_and_does_nothing(opened: Callable[..., Opened]) -> None:
    it = opened("mixed")
    it.page.locator("#only").select_option("mismatched")
    for key in HOSTILE[:2]:
        it.search(key)
        assert it.objects == [key, key]
        it.page.locator("#list .object").first.click()
    assert "owned" not in it.page.title()
    assert it.page.locator("img").count() == 0
    assert it.told == []
    it.search("gpj.exe")
    assert it.objects == ["invoiceU+202Egpj.exe"] * 2
    assert it.page.locator("#list .object .u").first.inner_text() == "U+202E"
    it.search("a\x00b")
    assert it.objects == ["aU+0000bU+000AcU+200BdU+2028e"] * 2


def test_a_long_key_is_cut_until_it_is_chosen_and_a_space_is_seen(
    opened: Callable[..., Opened],
) -> None:
    it = opened("odd", viewport=PHONE)
    assert it.objects[1:] == ["U+0020", "U+0020U+0020a bU+0020", "plain"]
    button = it.page.locator("#list .object").first
    low = button.bounding_box()
    button.click()
    high = button.bounding_box()
    assert low is not None
    assert high is not None
    assert low["height"] < 150 < high["height"]
    assert it.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("name", ["none", "one"])
def test_an_audit_of_little_has_a_page_too(opened: Callable[..., Opened], name: str) -> None:
    it = opened(name, viewport=PHONE)
    assert it.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert (
        it.page.locator("h1").inner_text()
        == {
            "none": "The audit does not add up: the manifest has no rows, so nothing is proven.",
            "one": "The one object is verified.",
        }[name]
    )
    assert it.page.get_by_text("it is the proof").count() == (name == "one")
    assert it.told == []


def test_the_page_forbids_what_it_does_not_do(opened: Callable[..., Opened]) -> None:
    it = opened("mixed")
    ran = it.page.evaluate(
        """async () => {
            const made = document.createElement('img');
            made.src = 'http://127.0.0.1:9/x.png';
            document.body.append(made);
            const fetched = await fetch('http://127.0.0.1:9/').then(() => true, () => false);
            let turned = true;
            try { document.body.innerHTML = '<b>x</b>'; } catch { turned = false; }
            return [fetched, turned];
        }"""
    )
    assert ran == [False, False]
    assert any("Content Security Policy" in line for line in it.told)


def test_search_sorting_and_paging_agree_with_the_rows(opened: Callable[..., Opened]) -> None:
    it = opened("mixed")
    assert it.status.startswith("132 objects")
    assert len(it.objects) == 50
    rows = [int(text.replace(",", "")) for text in it.column("row")]
    assert rows == sorted(rows)
    it.sort("Row")
    assert it.column("row")[0] == "1,032"
    it.sort("Object")
    assert it.objects[1:] == sorted(it.objects[1:])
    it.page.get_by_role("button", name="Last page").click()
    assert len(it.objects) == 32
    it.search("photos/raw/")
    assert it.objects
    assert all(text.startswith("photos/raw/") for text in it.objects)
    assert it.page.locator("#pager").is_hidden()
    it.search("no such thing")
    assert it.status == "0 of 132 objects match."
    assert it.objects == []


def test_everything_works_from_the_keyboard(opened: Callable[..., Opened]) -> None:
    it = opened("mixed")
    first = it.page.locator("#list .object").first
    first.focus()
    it.page.keyboard.press("Enter")
    assert first.get_attribute("aria-expanded") == "true"
    it.page.keyboard.press("Enter")
    assert first.get_attribute("aria-expanded") == "false"
    head = it.page.locator("#list th[data-sort=size]")
    head.get_by_role("button").focus()
    it.page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "ascending"


def test_a_command_is_copied(opened: Callable[..., Opened]) -> None:
    it = opened("mixed", permissions=["clipboard-read", "clipboard-write"])
    command = it.page.locator(".command").last
    command.get_by_role("button").click()
    command.get_by_text("Copied").wait_for()
    copied = it.page.evaluate("navigator.clipboard.readText()")
    assert copied == command.locator("code").inner_text()


def test_a_hundred_thousand_objects_do_not_freeze_the_page(opened: Callable[..., Opened]) -> None:
    """What was not laid out is not waited for: the page holds few elements, however many rows."""
    it = opened("many")
    assert it.status.startswith(f"{MANY:,} objects")
    wanted = it.page.evaluate(
        "JSON.parse(document.getElementById('data').textContent).rows"
        ".filter(row => row[3].includes('object-0999')).length"
    )
    it.page.locator("#search").press_sequentially("object-0999")
    it.page.get_by_text(f"{wanted} of {MANY:,} objects match.").wait_for()
    assert 0 < wanted < 100
    it.search("")
    for name in ("Object", "Size", "Reason", "Written"):
        it.sort(name)
    sizes = it.page.locator("#list .object").count(), it.page.locator("*").count()
    assert sizes[0] == 50
    assert sizes[1] < 2_000
    assert it.told == []


def test_a_page_that_is_printed_holds_more_rows(opened: Callable[..., Opened]) -> None:
    it = opened("mixed")
    it.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(it.objects) == 132
    it.page.emulate_media(media="print")
    assert it.page.locator("#tools").is_hidden()
    assert it.page.locator("#place").is_hidden()
    it.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(it.objects) == 50


def test_what_is_printed_says_that_there_is_more(opened: Callable[..., Opened]) -> None:
    it = opened("many")
    it.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    it.page.emulate_media(media="print")
    assert it.page.locator("#place").inner_text() == f"500 of {MANY:,} are printed."
    assert it.page.locator("#pager button:visible").count() == 0


def test_without_scripts_the_page_says_so_and_still_tells(
    browser: Browser, files: dict[str, Path]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    shown = context.new_page()
    shown.goto(files["mixed"].as_uri())
    text = shown.locator("body").inner_text()
    context.close()
    assert "Of 1,032 objects" in text
    assert "This list needs JavaScript" in text
