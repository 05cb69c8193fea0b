"""Keys in a security module, on SoftHSM where that is installed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from gateway.fabric.wallet import Wallet
from hlf import pkcs11, signers
from hlf.errors import IdentityError
from hlf.identity import Identity
from hlf.wire import signatures
from tests.unit.hlf.certificates import issue

PLACES = (
    "/usr/lib/softhsm",
    "/usr/lib64/softhsm",
    "/usr/lib64/pkcs11",
    "/usr/local/lib/softhsm",
    "/opt/homebrew/lib/softhsm",
)
TOKEN, PIN = "fabric", "98765432"
USER = issue("user", issue("ca"))
LARGER = issue("larger", issue("ca"), key=ec.generate_private_key(ec.SECP384R1()))


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """SoftHSM's library, with a token in a folder of the test's own that holds the keys of both users."""
    pytest.importorskip("pkcs11", reason="security modules need python-pkcs11: pip install 'hlf[pkcs11]'")
    found = next((file for place in PLACES if (file := Path(place) / "libsofthsm2.so").exists()), None)
    tool = shutil.which("softhsm2-util")
    if found is None or tool is None:
        pytest.skip("SoftHSM is not installed: apt install softhsm2")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    _run(tool, "--init-token", "--free", "--label", TOKEN, "--so-pin", PIN, "--pin", PIN)
    for issued, label in ((USER, "small"), (LARGER, "large")):
        (folder / "key.pem").write_bytes(issued.key_pem)
        given = ["--import", str(folder / "key.pem"), "--token", TOKEN, "--label", label, "--pin", PIN]
        _run(tool, *given, "--id", _identifier(issued.key.public_key()).hex())
    yield str(found)
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _identifier(public: ec.EllipticCurvePublicKey) -> bytes:
    form = serialization.PublicFormat.UncompressedPoint
    return hashlib.sha256(public.public_bytes(serialization.Encoding.X962, form)).digest()


@pytest.mark.parametrize(("issued", "label"), [(USER, None), (USER, "small"), (LARGER, None), (LARGER, "large")])
def test_a_key_in_a_module_signs_as_fabric_takes_it(library, issued, label):
    """Found by its id, which Fabric's tools derive from the public key, or by its label; S is always low."""
    with pkcs11.signer(library, TOKEN, PIN, issued.pem, label=label) as signer:
        for number in range(8):
            message = b"message %d" % number
            assert signatures.verify(issued.key.public_key(), signer.sign(message), message)
        assert PIN not in repr(vars(signer))


def test_a_gateway_signs_with_it(library, tmp_path):
    """A file in its wallet names library, token, label and where the PIN is; the PIN is in no error."""
    user = tmp_path / "organisations" / "CarrierMSP" / "users" / "User1"
    user.mkdir(parents=True)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "CarrierMSP.json").write_text("{}")
    (tmp_path / "pin").write_text(f"{PIN}\n")
    (user / "cert.pem").write_bytes(USER.pem)
    told = f'library = "{library}"\ntoken = "{TOKEN}"\npin_file = "{tmp_path / "pin"}"\nlabel = "small"\n'
    (user / "pkcs11.toml").write_text(told)
    wallet = Wallet(tmp_path)
    assert wallet.signing_user("CarrierMSP") == "User1"
    identity, signer = wallet.user("CarrierMSP", "User1")
    with signer:
        assert signatures.verify(USER.key.public_key(), signer.sign(b"message"), b"message")
    assert identity.certificate_pem == USER.pem
    for wrong in (told.replace('"small"', '"large"'), told.replace("token", "tokens", 1), "library = ["):
        (user / "pkcs11.toml").write_text(wrong)
        with pytest.raises(IdentityError, match=r"pkcs11\.toml: ") as refused:
            wallet.user("CarrierMSP", "User1")
        assert PIN not in str(refused.value)


def test_a_client_signs_with_it(connect, peer, library):
    """Every step of a transaction, from many threads at once."""
    with (
        pkcs11.signer(library, TOKEN, PIN, USER.pem) as signer,
        connect(peer.profile, Identity("CarrierMSP", USER.pem), signer) as fabric,
    ):
        contract = fabric.network("trade").contract("lab")
        done = []
        threads = [threading.Thread(target=lambda: done.append(contract.submit("put"))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done == [b"result"] * 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"token": "other"}, "no token with the label 'other'"),
        ({"pin": "12345678"}, "the PIN for the token 'fabric' is wrong"),
        ({"label": "nobody"}, "no private key with the label 'nobody'; give the key's own label"),
        ({"label": "large"}, "the security module did not sign|is not the key of the certificate"),
        ({"certificate_pem": issue("stranger").pem}, "no private key with the id [0-9a-f]{64}"),
        ({"library": "/nowhere/lib.so"}, "/nowhere/lib.so cannot be used as a PKCS #11 library"),
    ],
)
def test_what_is_wrong_is_named(library, change, words):
    """With its cure, and without the PIN."""
    given = {"library": library, "token": TOKEN, "pin": PIN, "certificate_pem": USER.pem, **change}
    with pytest.raises(IdentityError, match=words) as refused:
        pkcs11.signer(**given)
    assert given["pin"] not in str(refused.value)


def test_without_the_extra_the_words_name_it(monkeypatch):
    """Whoever installed the client alone is told what to install."""
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(IdentityError, match=r"pip install 'hlf\[pkcs11\]'"):
        pkcs11.signer("lib.so", TOKEN, PIN, USER.pem)


def test_a_kind_of_key_that_modules_do_not_sign_with_here():
    """Before anything is opened."""
    issued = issue("user", issue("ca"), key=ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(IdentityError, match="not ECDSA"):
        pkcs11.signer("lib.so", TOKEN, PIN, issued.pem)
    assert signers.from_private_key(issued.key)
