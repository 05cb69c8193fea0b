"""The wallet: what is not in it, and names that would leave it."""

from __future__ import annotations

import pytest

from gateway.fabric.wallet import KeyElsewhereError, Wallet, WalletError
from tests.unit.hlf.certificates import issue


@pytest.fixture
def wallet(tmp_path) -> Wallet:
    """One organisation with a user, and the genesis block of one channel."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "PlatformMSP.json").write_text("{}")
    user = tmp_path / "organisations" / "PlatformMSP" / "users" / "User1"
    user.mkdir(parents=True)
    (user / "cert.pem").write_text("")
    (tmp_path / "channels").mkdir()
    (tmp_path / "channels" / "trade.block").write_bytes(b"genesis")
    (tmp_path / "secret.block").write_bytes(b"not to be read")
    return Wallet(tmp_path)


def test_the_genesis_block_that_came_with_the_wallet(wallet):
    """A channel without one is not trusted by it, and no name leads out of the folder."""
    assert wallet.genesis("trade") == b"genesis"
    assert wallet.genesis("logistics") is None
    assert wallet.genesis("../secret") is None
    assert wallet.genesis("") is None


def test_a_user_may_have_its_key_elsewhere(wallet, tmp_path):
    """Then nothing is signed for it here, and another user asks what the gateway itself must know."""
    users, issued = tmp_path / "organisations" / "PlatformMSP" / "users", issue("user")
    (users / "User1" / "cert.pem").write_bytes(issued.pem)
    assert wallet.identity("PlatformMSP", "User1").certificate_pem == issued.pem
    for read in (wallet.user, wallet.connect):
        with pytest.raises(KeyElsewhereError, match="PlatformMSP/User1"):
            read("PlatformMSP", "User1")
    assert wallet.signing_user("PlatformMSP", "User1") is None
    for name in ("User2", "User3"):
        (users / name).mkdir()
        (users / name / "cert.pem").write_bytes(issued.pem)
        (users / name / "key.pem").write_bytes(issued.key_pem)
    assert wallet.signing_user("PlatformMSP") == wallet.signing_user("PlatformMSP", "User1") == "User2"
    assert wallet.signing_user("PlatformMSP", "User3") == "User3"
    assert wallet.signing_user("PlatformMSP", "../User3") == "User2"


def test_who_is_not_in_the_wallet_is_told_who_is(wallet, tmp_path):
    """An empty wallet says what to look for."""
    assert wallet.users("PlatformMSP") == ["User1"]
    with pytest.raises(WalletError, match="it has PlatformMSP"):
        wallet.users("MerchantMSP")
    with pytest.raises(WalletError, match="User2"):
        wallet.user("PlatformMSP", "User2")
    with pytest.raises(WalletError):
        wallet.connect("PlatformMSP", "../User1")
    with pytest.raises(WalletError, match="is the network up"):
        Wallet(tmp_path / "elsewhere").profile("PlatformMSP")
