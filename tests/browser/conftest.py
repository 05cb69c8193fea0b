"""Debian's Chromium before one gateway on one embedded network, on which the demo's story has been played."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright import sync_api
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright
from rich.console import Console

from selat.demo.callers import Cast
from selat.demo.environment import RunningDemo
from tests.browser import story
from tests.browser.story import SeenStory
from tests.scenarios.conftest import cast, folder, shown, stage

__all__ = ["cast", "folder", "shown", "stage"]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
LOOKS: tuple[tuple[str, Any, Any], ...] = tuple(
    (f"{name}-{scheme}", size, scheme)
    for name, size in (("phone", PHONE), ("desktop", DESKTOP))
    for scheme in ("light", "dark")
)
"""What a page looks like: name, size and theme."""

KEPT = Path("build/browser")
"""Where pictures of pages stand on which a test failed."""

ABSENT = "no `chromium` here (apt-get install chromium): no page is tried in a browser"


@pytest.fixture(scope="session")
def played(stage: RunningDemo, cast: Cast, shown: io.StringIO) -> SeenStory:
    """Return the story, played to its end; claims follow it."""
    return story.play(cast, stage.base, Console(file=shown))


@contextmanager
def launched() -> Iterator[Browser | None]:
    """Yield Debian's browser, which is never downloaded; None if there is none."""
    program = shutil.which("chromium")
    if program is None:
        yield None
        return
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])) as browser,
    ):
        yield browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Yield the browser."""
    with launched() as browser:
        if browser is None:
            pytest.skip(ABSENT)
        yield browser


class Visitor:
    """
    A person with a browser.

    Attributes:
        requests: the address of everything that the browser asked for.
        steps: how often the person clicked, chose from a list, typed or pressed Enter.
    """

    def __init__(self, context: BrowserContext, stage: RunningDemo) -> None:
        self.base = stage.base
        self.tokens = stage.tokens
        self.context = context
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.steps = 0
        self.page: Page = context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def log_in(self, actor: str) -> None:
        """Type the token of an actor into the form, whatever the page's language."""
        self.go("/console/login")
        token = self.page.get_by_role("main").locator("input[name=token]")
        token.fill(self.tokens[actor])
        token.press("Enter")
        self.page.wait_for_url(f"{self.base}/console/")

    def click(self, shown: Locator) -> None:
        """Click something, once it can be seen."""
        self.steps += 1
        shown.click()

    def choose(self, field: Locator, words: str) -> None:
        """Choose from a list what reads so."""
        self.steps += 1
        field.select_option(label=words)

    def type(self, field: Locator, text: str, *, enter: bool = False) -> None:
        """Type into a field; *enter* presses Enter too."""
        self.steps += 2 if enter else 1
        field.fill(text)
        if enter:
            field.press("Enter")

    def go(self, path: str) -> None:
        """Open a page of the gateway."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.ok, (path, answer.status)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a picture of the page on which a test failed, while its browser is still open."""
    report = yield
    visiting = getattr(item, "funcargs", {}).get("visitor")
    if report.when == "call" and report.failed and isinstance(visiting, Visitor):
        KEPT.mkdir(parents=True, exist_ok=True)
        picture = KEPT / f"{re.sub(r'[^a-z0-9]+', '-', item.name.lower()).strip('-')}.png"
        with contextlib.suppress(sync_api.Error):
            visiting.page.screenshot(path=picture, full_page=True)
            report.sections.append(("the page", f"{visiting.page.url}\n{picture}"))
    return report


@pytest.fixture
def visitor(
    chromium: Browser, stage: RunningDemo, played: SeenStory, request: pytest.FixtureRequest
) -> Iterator[Visitor]:
    """Yield a visitor; the marker ``seen`` gives options of the browser's context."""
    marker = request.node.get_closest_marker("seen")
    options = {"viewport": DESKTOP, "locale": "en-SG", **(marker.kwargs if marker else {})}
    with closing(chromium.new_context(**options)) as context:
        yield Visitor(context, stage)
