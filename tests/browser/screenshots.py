"""
Pictures of every page, on a phone and a desk, in the light and in the dark, with one sheet of them all.

``make screenshots`` plays the demo's story and writes them into ``build/screenshots``; ``index.html`` is the sheet.
"""

from __future__ import annotations

import argparse
import html
import io
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser
from rich.console import Console

from selat.demo import environment
from selat.demo.environment import RunningDemo
from tests.browser import story
from tests.browser.addresses import ROLES, addresses
from tests.browser.conftest import ABSENT, LOOKS, Visitor, launched

# Of each role, what a page is called and its address in this story.
Pages = Mapping[str, Sequence[tuple[str, str]]]
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem;background:#777;color:#fff}"
    "section{display:flex;flex-wrap:wrap;gap:1.5rem}figure{margin:0}figcaption{overflow-wrap:anywhere}"
    "img{display:block;height:26rem;width:auto;max-width:38rem;object-fit:cover;object-position:top}"
)


def main() -> None:
    """Play the story and take the pictures."""
    parser = argparse.ArgumentParser(description="Take pictures of every page.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", default="en-SG", help="what the browser asks for, as vi-VN")
    given = parser.parse_args()
    with launched() as browser, tempfile.TemporaryDirectory() as place:
        if browser is None:
            sys.exit(ABSENT)
        try:
            stage = environment.start("embedded", Path(place))
            with stage.cast() as cast:
                played = story.play(cast, stage.base, Console(file=io.StringIO()))
            pages = {
                role: list(zip(ROLES[role], addresses(role, played, cast.platform), strict=True)) for role in ROLES
            }
            take(browser, stage, pages, given.folder, given.language)
        finally:
            environment.stop(Path(place))
    print(given.folder / "index.html")  # noqa: T201  It is a command.


def take(browser: Browser, stage: RunningDemo, pages: Pages, folder: Path, language: str = "en-SG") -> None:
    """Write a picture of each page in each look into *folder*, and the sheet."""
    folder.mkdir(parents=True, exist_ok=True)
    for look, size, scheme in LOOKS:
        for role, shown in pages.items():
            with closing(browser.new_context(viewport=size, color_scheme=scheme, locale=language)) as context:
                visitor = Visitor(context, stage)
                if role:
                    visitor.log_in(role)
                for pattern, address in shown:
                    visitor.go(address)
                    visitor.page.screenshot(path=folder / name(role, pattern, look), full_page=True)
    (folder / "index.html").write_text(sheet(pages), "utf-8")


def name(role: str, pattern: str, look: str) -> str:
    """Return the file of a picture: the same in each run, because ids of the story are not in it."""
    return f"{role or 'open'}{re.sub(r'[^a-z0-9]+', '-', pattern.lower()).rstrip('-')}-{look}.png"


def sheet(pages: Pages) -> str:
    """Return the page that shows all pictures, by role."""
    parts = [f'<!doctype html><html lang="en"><meta charset="utf-8"><title>All pages</title><style>{_STYLE}</style>']
    for role, shown in pages.items():
        parts.append(f"<h1>{html.escape(role or 'open to everybody')}</h1>")
        for pattern, _ in shown:
            parts.append(f"<h2>{html.escape(pattern)}</h2><section>")
            for look, *_ in LOOKS:
                file = name(role, pattern, look)
                picture = f'<a href="{file}"><img src="{file}" alt="" loading="lazy"></a>'
                parts.append(f"<figure>{picture}<figcaption>{look}</figcaption></figure>")
            parts.append("</section>")
    return "\n".join(parts)


if __name__ == "__main__":
    main()
