"""Settings are read once, from SELAT_* alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from gateway.http.settings import Settings, SettingsError

GIVEN = {"SELAT_WALLET": "/w", "SELAT_DATA": "/d"}


def test_defaults_listen_on_loopback_with_one_worker():
    settings = Settings.from_environment(GIVEN)
    assert (settings.wallet, settings.data) == (Path("/w"), Path("/d"))
    assert settings.listen.startswith("127.0.0.1:")
    assert settings.workers == 1
    assert settings.tracking == ""


def test_what_is_written_out_is_read_back():
    """A server's processes get the very same settings."""
    settings = Settings(wallet=Path("/w"), data=Path("/d"), threads=3, streams=2, tracking="AMSP/User1")
    assert Settings.from_environment(settings.to_environment()) == settings


def test_they_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings.from_environment(GIVEN).workers = 3


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"SELAT_WALLET": ""}, "SELAT_WALLET is not set"),
        ({"SELAT_THREADS": "many"}, "SELAT_THREADS is 'many'; it must be a whole number"),
        ({"SELAT_WORKERS": "0"}, "SELAT_WORKERS is 0; it must be at least 1"),
        ({"SELAT_SUBMITS": "0"}, "SELAT_SUBMITS is 0; it must be at least 1"),
        ({"SELAT_READ_SECONDS": "0"}, "SELAT_READ_SECONDS is 0; it must be at least 1"),
        ({"SELAT_LISTEN": "8080"}, "must be <address>:<port>"),
        ({"SELAT_LISTEN": "127.0.0.1:99999"}, "must be <address>:<port>"),
        ({"SELAT_TRACKING": "PlatformMSP"}, "must be <MSP>/<user>"),
    ],
)
def test_an_unusable_setting_is_named(extra, words):
    with pytest.raises(SettingsError, match=words.replace("(", r"\(")):
        Settings.from_environment({**GIVEN, **extra})
