"""One certificate in every form of PEM, and in some that are none."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from tests.support.derparts import pem
from tests.support.oddcertificates.organisations import Issuer, member


def texts(issuer: Issuer) -> Iterator[tuple[str, bytes]]:
    """Yield what each is, and the text."""
    good = issuer.issue(member())
    begin, *body, end, _ = good.split(b"\n")
    other = issuer.issue(member(10))
    joined = b"".join(body)
    der = base64.b64decode(joined)

    def lines(*parts: bytes) -> bytes:
        return b"\n".join(parts) + b"\n"

    yield "as it is", good
    yield "empty", b""
    yield "no end of line", good.rstrip(b"\n")
    yield "byte order mark", b"\xef\xbb\xbf" + good
    yield "byte order mark and a line", b"\xef\xbb\xbf\n" + good
    yield "UTF-16", good.decode().encode("utf-16")
    for words, blank in (("a blank", b" "), ("a tab", b"\t"), ("a no-break space", b"\xc2\xa0"), ("a zero", b"\0")):
        yield f"{words} before BEGIN", blank + good
        yield f"{words} after BEGIN", lines(begin + blank, *body, end)
        yield f"{words} before END", lines(begin, *body, blank + end)
        yield f"{words} after END", lines(begin, *body, end + blank)
        yield f"{words} in the body", lines(begin, body[0][:5] + blank + body[0][5:], *body[1:], end)
    yield "a letter after END", lines(begin, *body, end + b"x")
    yield "text before", b"subject=User 1\nissuer=ca\n" + good
    yield "text before with a colon", b"subject: User 1\n" + good
    yield "text after", good + b"bye\n"
    yield "lines of Windows", good.replace(b"\n", b"\r\n")
    yield "lines of old Macs", good.replace(b"\n", b"\r")
    yield "a return at an end", lines(begin + b"\r\r", *body, end)
    yield "empty lines before", b"\n\n\n" + good
    yield "empty lines within", lines(begin, b"", *body, b"", b"", end)
    yield "one long line", lines(begin, joined, end)
    yield "a letter a line", lines(begin, *(bytes([one]) for one in joined), end)
    yield "without padding", lines(begin, joined.rstrip(b"="), end)
    yield "more padding", lines(begin, joined + b"====", end)
    yield "something behind padding", lines(begin, joined + b"AAAA", end)
    yield "a letter that is none", lines(begin, joined.replace(b"M", b"_", 1), end)
    yield "a header", lines(begin, b"Proc-Type: 4,ENCRYPTED", b"", *body, end)
    yield "a header and no empty line", lines(begin, b"key: value", *body, end)
    yield "a header alone", lines(begin, b"key: value", end) + good
    yield "headers to the end", lines(begin, b"key: value")
    yield "a colon in END", lines(begin, b"key: value", b"-----END CERT: X-----") + good
    yield "no body", lines(begin, end) + good
    yield "no body but a line", lines(begin, b"", end) + good
    yield "no END", lines(begin, *body)
    yield "no END, then a good one", lines(begin, *body) + good
    yield "no BEGIN, then a good one", lines(*body, end) + good
    yield "BEGIN twice", lines(begin, begin, *body, end)
    yield "END twice", lines(begin, *body, end, end)
    yield "two", good + other
    yield "two without a line between", good.rstrip(b"\n") + other
    yield "a broken one first", lines(begin, b"!!!!", end) + good
    yield "a strange one first", pem(b"\x30\x00", "X") + good
    yield "a key first", pem(b"\x30\x00", "EC PRIVATE KEY") + good
    yield "a key behind", good + pem(b"\x30\x00", "EC PRIVATE KEY")
    for kind in ("", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "EC PRIVATE KEY", "certificate", "CERTIFICATE REQUEST"):
        yield f"as {kind or 'nothing'}", pem(der, kind)
    yield "another kind at END", good.replace(b"END CERT", b"END PERT")
    yield "four dashes", good.replace(b"-----END", b"----END")
    yield "six dashes", good.replace(b"-----BEGIN", b"------BEGIN")
    yield "small letters", good.replace(b"BEGIN", b"begin").replace(b"END", b"end")
    yield "DER", der
    yield "base64 alone", joined
