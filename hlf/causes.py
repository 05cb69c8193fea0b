"""Find the cause of a failed connection in gRPC's error text, and its cure."""

from __future__ import annotations

UNKNOWN = "is it running, and do its certificate's authority and host name match the connection profile?"
_RUNNING = "nothing listens there: is it running, and are host and port of its url those it listens on?"
_PLAIN = "it may want TLS, and the connection profile says plain text: write grpcs:// in its url, with its tlsCACerts"
_MUTUAL = (
    "it closed the connection after the TLS handshake: it may want a client certificate (mutual TLS), "
    "so give a tls_identity, of an authority that it trusts"
)
_OTHER_CLIENT = "it may not trust the authority of the tls_identity: give one of an authority that it trusts"

# The first match is the most exact: an expired certificate fails the verification too.
_CAUSES = (
    ("certificate has expired", "its TLS certificate has expired: renew it, and look at the clocks of both machines"),
    (
        "CERTIFICATE_VERIFY_FAILED",
        "its TLS certificate is of none of the profile's authorities for it: put the PEM of the CA that issued it "
        "under its tlsCACerts",
    ),
    (
        "Hostname Verification Check failed",
        "its TLS certificate is for other host names: put one of those under its grpcOptions.ssl-target-name-override",
    ),
    (
        "WRONG_VERSION_NUMBER",
        "it does not answer in TLS: write grpc:// in its url if it really speaks plain text, else fix the port",
    ),
    ("Connection refused", _RUNNING),
    ("lookup", "its host name is not known on this machine: mend its url, or make the name known here"),
    ("errors resolving", "its host name is not known on this machine: mend its url, or make the name known here"),
)
# gRPC's errors for a server that requires a client certificate: one written in C++ closes the connection, and the
# alert of a real peer comes after the handshake, as data that gRPC cannot read.
_CLOSED = ("Socket closed", "Connection reset", "Broken pipe", "Unwrap failed", "ALERT")


def could_not_connect(words: str) -> bool:
    """Return whether gRPC's error text *words* means that there was no connection at all."""
    return words.startswith(("failed to connect", "errors resolving", "DNS resolution failed"))


def cure(words: str, *, tls: bool = True, client_certificate: bool = False) -> str:
    """
    Return what to do about a connection that could not be made.

    Args:
        words: gRPC's.
        tls: whether this side tried it with TLS.
        client_certificate: whether it showed a certificate of its own.
    """
    for sign, found in _CAUSES:
        if sign in words:
            return found
    if not any(sign in words for sign in _CLOSED):
        return UNKNOWN
    if not tls:
        return _PLAIN
    return _OTHER_CLIENT if client_certificate else _MUTUAL
