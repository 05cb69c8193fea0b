"""Keys in a security module, on SoftHSM where that is installed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from gateway import checks
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


def test_several_signers_use_one_token(library):
    """A process logs in once: users share a token, and a renewed certificate gets a signer beside the former one."""
    first = pkcs11.signer(library, TOKEN, PIN, USER.pem)
    again = pkcs11.signer(library, TOKEN, PIN, USER.pem)
    with pkcs11.signer(library, TOKEN, PIN, LARGER.pem) as other:
        first.close()
        first.close()
        for signer in (again, other):
            assert signer.sign(b"message")
        with pytest.raises(IdentityError, match="PIN for the token 'fabric' is wrong"):
            pkcs11.signer(library, TOKEN, "12345678", USER.pem)
        with pytest.raises(IdentityError, match="no private key"):
            pkcs11.signer(library, TOKEN, PIN, USER.pem, label="nobody")
    assert again.sign(b"message")
    again.close()
    with pytest.raises(IdentityError, match="PIN for the token 'fabric' is wrong"):
        pkcs11.signer(library, TOKEN, "12345678", USER.pem)


def user_in_module(wallet: Path, name: str, certificate: bytes, library: str, label: str) -> Path:
    """Put a user whose key is in the token into a wallet; return the file that says where the key is."""
    user = wallet / "organisations" / "CarrierMSP" / "users" / name
    user.mkdir(parents=True)
    (wallet / "profiles").mkdir(exist_ok=True)
    (wallet / "profiles" / "CarrierMSP.json").write_text("{}")
    (wallet / "pin").write_text(f"{PIN}\n")
    (user / "cert.pem").write_bytes(certificate)
    told = f'library = "{library}"\ntoken = "{TOKEN}"\npin_file = "{wallet / "pin"}"\nlabel = "{label}"\n'
    (user / "pkcs11.toml").write_text(told)
    return user / "pkcs11.toml"


def test_a_gateway_signs_with_it(library, tmp_path):
    """A file in its wallet names library, token, label and where the PIN is; the PIN is in no error."""
    file = user_in_module(tmp_path, "User1", USER.pem, library, "small")
    told = file.read_text()
    wallet = Wallet(tmp_path)
    assert wallet.signing_user("CarrierMSP") == "User1"
    identity, signer = wallet.user("CarrierMSP", "User1")
    with signer:
        assert signatures.verify(USER.key.public_key(), signer.sign(b"message"), b"message")
    assert identity.certificate_pem == USER.pem
    for wrong in (told.replace('"small"', '"large"'), told.replace("token", "tokens", 1), "library = ["):
        file.write_text(wrong)
        with pytest.raises(IdentityError, match=r"pkcs11\.toml: ") as refused:
            wallet.user("CarrierMSP", "User1")
        assert PIN not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("libsofthsm2.so", "libnone.so"), "libnone.so cannot be used as a PKCS #11 library"),
        (('token = "fabric"', 'token = "other"'), "has no token with the label 'other'"),
        (("/pin", "/other"), "No such file"),
        (("/pin", "/wrong"), "the PIN for the token 'fabric' is wrong"),
        (("small", "nobody"), "no private key with the label 'nobody'"),
        (("small", "large"), "did not sign|not the key of the certificate"),
        (("label = ", "labels = "), "Unknown field"),
    ],
)
def test_a_gateways_check_tries_each_key_and_names_what_is_wrong(library, tmp_path, change, words):
    """A wrong key leaves those of other users in the same token as they were; no line has the PIN."""
    now = datetime.now(UTC)
    user_in_module(tmp_path, "User1", USER.pem, library, "small")
    file = user_in_module(tmp_path, "User2", USER.pem, library, "small")
    wallet = Wallet(tmp_path)
    for each in checks.users(wallet, "CarrierMSP", now):
        assert each.words.endswith("; the key in its security module signs")
    (tmp_path / "wrong").write_text("12345678")
    file.write_text(file.read_text().replace(*change))
    one, other = checks.users(wallet, "CarrierMSP", now)
    assert one.words.endswith("; the key in its security module signs")
    assert (other.what, other.good) == ("CarrierMSP/User2", False)
    assert re.search(rf"pkcs11\.toml: .*({words})", other.words)
    assert PIN not in other.words
    assert "12345678" not in other.words


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
