"""The units of systemd and the recipe of an image, as docs/operations.md has them: what they name is there."""

from __future__ import annotations

import http.server
import re
import subprocess
import sys
import threading
from dataclasses import fields

import click
import pytest

from gateway.http.settings import PREFIX, Settings
from selat.cli import main
from tests.support.sources import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text()
(RECIPE,) = re.findall(r"^```\n(FROM .*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
UNITS = re.findall(r"^```\n(\[Unit\].*?\[Service\].*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[list[str]]:
    """Return the commands of selat that a text runs, without their options."""
    lines = [line for line in text.splitlines() if line.startswith(("Exec", "CMD "))]
    words = [re.findall(r"[^\s\"\[\],=]+", line) for line in lines]
    return [each[1:] for line in words for each in [[w.rpartition("/")[2] for w in line[1:]]] if each[0] == "selat"]


@pytest.mark.parametrize("text", [RECIPE, *UNITS], ids=lambda text: text.split()[0])
def test_what_starts_a_gateway_names_settings_and_commands_that_exist(text):
    """A setting that is misspelt would change nothing, and nobody would notice."""
    named = set(re.findall(rf"\b({PREFIX}[A-Z_]+)=", text))
    assert named
    assert named <= {f"{PREFIX}{each.name.upper()}" for each in fields(Settings)}
    assert commands(text)
    for words in commands(text):
        found: click.Command = main
        for word in words:
            if not isinstance(found, click.Group):
                break
            made = found.get_command(click.Context(found), word)
            assert made is not None, words
            found = made


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_an_image_is_healthy_as_its_gateway_says(status, healthy):
    """By the recipe's own command, which needs no other program in the image."""
    (told,) = re.findall(r'^HEALTHCHECK .*CMD \["python", "-c", "(.*)"\]$', RECIPE, re.MULTILINE)

    class Gateway(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        here = told.replace("127.0.0.1:8080", f"127.0.0.1:{server.server_port}")
        assert here != told
        done = subprocess.run([sys.executable, "-c", here], capture_output=True, check=False, timeout=60)
        thread.join()
    assert (done.returncode == 0) == healthy
