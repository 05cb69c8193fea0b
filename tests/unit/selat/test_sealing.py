"""Keys in a wallet at rest: sealed by a command, opened by the gateway, and never lost."""

from __future__ import annotations

import stat
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from gateway import checks
from gateway.fabric.wallet import Wallet
from hlf import errors
from hlf.wire import signatures
from selat import cli
from tests.unit.hlf.certificates import issue

USER = issue("user")
TLS = issue("tls")


@pytest.fixture
def wallet(tmp_path):
    """Return a wallet of one user with a key and one for mutual TLS, and a file with a passphrase."""
    place = tmp_path / "wallet"
    (place / "profiles").mkdir(parents=True)
    (place / "profiles" / "AMSP.json").write_text("{}")
    user = place / "organisations" / "AMSP" / "users" / "User1"
    (user / "tls").mkdir(parents=True)
    for name, content in {
        "cert.pem": USER.pem,
        "key.pem": USER.key_pem,
        "tls/client.crt": TLS.pem,
        "tls/client.key": TLS.key_pem,
    }.items():
        (user / name).write_bytes(content)
    (tmp_path / "passphrase").write_text("correct horse battery staple\n")
    return place


def run(act: str, place, file="passphrase"):
    found = CliRunner().invoke(cli.main, ["wallet", act, str(place), "--passphrase-file", str(place.parent / file)])
    return found.exit_code, found.output


def contents(place):
    return {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_a_sealed_wallet_signs_with_its_passphrase_alone(wallet):
    """Every key is encrypted, for its owner's eyes alone, and gives the same signatures."""
    code, said = run("seal", wallet)
    assert (code, said.split()[0]) == (0, "2")
    keys = [path for path in contents(wallet) if path.name in {"key.pem", "client.key"}]
    assert all(b"BEGIN ENCRYPTED PRIVATE KEY" in path.read_bytes() for path in keys)
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    opened = Wallet(wallet, str(wallet.parent / "passphrase"))
    _, signer = opened.user("AMSP", "User1")
    assert signatures.verify(USER.key.public_key(), signer.sign(b"message"), b"message")
    with pytest.raises(errors.IdentityError, match="SELAT_PASSPHRASE_FILE"):
        Wallet(wallet).user("AMSP", "User1")


def test_unsealing_gives_the_keys_back(wallet):
    """Twice sealed is sealed once; what is unsealed is the key that it was."""
    before = contents(wallet)
    run("seal", wallet)
    assert run("seal", wallet)[1].startswith("0 keys")
    assert run("unseal", wallet) == (0, "2 keys unsealed\n")
    assert contents(wallet) == before


def test_another_passphrase_changes_nothing(wallet):
    """Neither to seal what is new beside what is sealed, nor to unseal; a short one is refused."""
    run("seal", wallet)
    user = wallet / "organisations" / "AMSP" / "users" / "User2"
    user.mkdir()
    (user / "key.pem").write_bytes(USER.key_pem)
    before = contents(wallet)
    (wallet.parent / "other").write_text("another passphrase, as long")
    (wallet.parent / "short").write_text("secret")
    for act in ("seal", "unseal"):
        code, said = run(act, wallet, "other")
        assert code == 1
        assert "password is wrong" in said
        assert "fewer than 16 bytes" in run(act, wallet, "short")[1]
        assert "cannot be read" in run(act, wallet, "missing")[1]
    assert contents(wallet) == before


def test_what_is_no_key_leaves_all_others_as_they_are(wallet):
    """All can be sealed, or none is."""
    (wallet / "organisations" / "AMSP" / "users" / "User1" / "tls" / "client.key").write_text("nonsense")
    before = contents(wallet)
    code, said = run("seal", wallet)
    assert code == 1
    assert "client.key" in said
    assert contents(wallet) == before


def test_a_folder_that_is_no_wallet_is_not_sealed(wallet):
    """A network's own commands need plain keys, and say what to do."""
    (wallet / "state.json").write_text("{}")
    assert "selat wallet export" in run("seal", wallet)[1]
    (wallet / "passphrase").write_bytes((wallet.parent / "passphrase").read_bytes())
    assert "has no users" in run("seal", wallet / "profiles")[1]


def test_the_check_opens_every_key(wallet):
    """A gateway that could not sign is found before it serves."""
    run("seal", wallet)

    def said(passphrase_file: str) -> list[str]:
        found = checks.users(Wallet(wallet, passphrase_file), "AMSP", datetime.now(UTC))
        return [each.words for each in found]

    assert any("SELAT_PASSPHRASE_FILE" in words for words in said(""))
    assert all(words.startswith("the certificate expires") for words in said(str(wallet.parent / "passphrase")))
