"""Webhooks go to the public internet and to networks that the operator allows."""

from __future__ import annotations

import ipaddress

import pytest

from gateway.webhooks import targets

ALLOWED = (ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("::1/128"))


def address(url: str, *found: str, allowed=ALLOWED) -> str:
    return targets.address_of(targets.parse(url), allowed, lambda host, port: found)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "example.com",
        "https:///path",
        "https://user:word@example.com/",
        "https://@example.com/",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: other",
        "https://bücher.example/",
        "https://[::1",
    ],
)
def test_what_is_no_plain_url_is_refused(url):
    """A signature says who sends; a URL with a password would be kept and logged by others."""
    with pytest.raises(targets.TargetError):
        targets.parse(url)


@pytest.mark.parametrize(
    "inner",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.9.9", "192.168.1.1", "169.254.169.254", "0.1.2.3", "100.64.0.1"),
        *("224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fc00::1", "ff02::1", "::", "::ffff:127.0.0.1"),
        *("64:ff9b::7f00:1", "2002:7f00:1::", "2002:c0a8:101::", "::7f00:1", "64:ff9b:1::7f00:1", "fec0::1"),
        *("2001:0:7f00:1::", "::ffff:0:7f00:1", "5f00::1", "4000::1", "ff0e::1"),
    ],
)
def test_inner_addresses_are_refused_however_they_are_written(inner):
    """As a name's address, as the name itself, or one among good ones."""
    with pytest.raises(targets.TargetError, match="not in the public internet"):
        address("https://example.com/", inner, allowed=())
    with pytest.raises(targets.TargetError, match="not in the public internet"):
        address("https://example.com/", "93.184.215.14", inner, allowed=())
    host = f"[{inner}]" if ":" in inner else inner
    with pytest.raises(targets.TargetError, match="not in the public internet"):
        targets.check(targets.parse(f"https://{host}/"), ())


def test_the_operator_allows_networks_and_only_these_get_http():
    """A receiver inside one's own network needs no certificate; across the internet nothing goes in the clear."""
    assert address("http://inside.example/", "10.1.2.3") == "10.1.2.3"
    assert address("http://[::1]:8080/a?b=c", "::1") == "::1"
    assert address("https://example.com/", "93.184.215.14") == "93.184.215.14"
    with pytest.raises(targets.TargetError, match="https"):
        address("http://example.com/", "93.184.215.14")
    with pytest.raises(targets.TargetError, match="https"):
        targets.check(targets.parse("http://example.com/"), ())
    with pytest.raises(targets.TargetError, match="not in the public internet"):
        address("http://inside.example/", "10.2.0.1")


def test_a_name_without_an_address_is_refused_in_words():
    """Nothing was sent, and the log says why."""
    with pytest.raises(targets.TargetError, match="has no address"):
        address("https://example.com/")

    def resolve(host: str, port: int) -> list[str]:
        raise OSError("unknown name")

    with pytest.raises(targets.TargetError, match="unknown name"):
        targets.address_of(targets.parse("https://example.com/"), (), resolve)


def test_path_and_authority_are_as_the_url_has_them():
    """The port is told unless it is the scheme's own."""
    target = targets.parse("https://[2001:db8::1]:8443/a?b=c")
    assert (target.path, target.authority) == ("/a?b=c", "[2001:db8::1]:8443")
    assert targets.parse("https://example.com:443").authority == "example.com"
