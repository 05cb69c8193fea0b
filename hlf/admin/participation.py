"""An orderer's channel-participation REST interface: which channels it takes part in, joining and leaving them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from hlf import errors, extras, jsontext

try:
    import requests
except ModuleNotFoundError as absent:
    raise extras.missing("requests", "network") from absent

_CHANNELS = "/participation/v1/channels"


@dataclass(frozen=True)
class Participation:
    """
    How an orderer takes part in a channel.

    Attributes:
        relation: consenter, follower or config-tracker.
        status: active, onboarding, inactive or failed; *height* counts its blocks.
        reason: why it failed, where the orderer says so: those of the embedded engine do.
    """

    name: str
    relation: str
    status: str
    height: int
    reason: str = ""


class OrdererAdmin:
    """
    The admin listener of one orderer (``host:port``), over mutual TLS.

    Thread-safe for one caller at a time; also a context manager.
    """

    def __init__(
        self, address: str, *, ca: Path | str, certificate: Path | str, key: Path | str, timeout: float = 30.0
    ) -> None:
        self.address = address
        self._timeout = timeout
        self._session = requests.Session()
        # No proxy of the environment may be between an administrator and an orderer.
        self._session.trust_env = False
        self._session.verify = str(ca)
        self._session.cert = (str(certificate), str(key))

    def channels(self) -> tuple[str, ...]:
        """
        Return the channels the orderer takes part in.

        Raises:
            ParticipationError: not reached, or refused.
        """
        listed = self._ask("GET", _CHANNELS)
        try:
            return tuple(sorted(jsontext.text(each["name"]) for each in listed.get("channels") or ()))
        except (TypeError, KeyError) as malformed:
            raise errors.ParticipationError("answered with an unreadable list", address=self.address) from malformed

    def channel(self, channel_id: str) -> Participation | None:
        """Return how the orderer takes part in one channel, None if it does not."""
        try:
            return self._participation(self._ask("GET", f"{_CHANNELS}/{quote(channel_id, safe='')}"))
        except errors.ParticipationError as refused:
            if refused.status == requests.codes.not_found:
                return None
            raise

    def join(self, config_block: bytes) -> Participation:
        """
        Take part in the channel of a genesis or later configuration block.

        Raises:
            ParticipationError: refused; status 405 where it takes part already, 400 for an unusable block.
        """
        return self._participation(self._ask("POST", _CHANNELS, config_block))

    def remove(self, channel_id: str) -> None:
        """
        Leave a channel and delete its blocks from this orderer.

        Raises:
            ParticipationError: refused; status 404 where it takes no part in it.
        """
        self._ask("DELETE", f"{_CHANNELS}/{quote(channel_id, safe='')}")

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _ask(self, method: str, path: str, block: bytes | None = None) -> dict[str, Any]:
        files = None if block is None else {"config-block": ("config.block", block, "application/octet-stream")}
        try:
            answer = self._session.request(
                method,
                f"https://{self.address}{path}",
                files=files,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as failure:
            raise errors.ParticipationError(
                f"TLS failed ({failure}). Are these its CA and a client certificate it trusts?", address=self.address
            ) from failure
        except (requests.exceptions.RequestException, OSError) as failure:
            raise errors.ParticipationError(
                f"no answer ({failure}). Is this the orderer's admin listener, and is it running?", address=self.address
            ) from failure
        try:
            value = jsontext.loads(answer.content) if answer.content else {}
        except errors.WireError:
            value = {"error": _shown(answer.content)}
        if not isinstance(value, dict):
            value = {"error": f"an unreadable answer: {_shown(answer.content)}"}
        if not answer.ok:
            words = str(value.get("error") or answer.reason)
            raise errors.ParticipationError(words, address=self.address, status=answer.status_code)
        return value

    def _participation(self, value: dict[str, Any]) -> Participation:
        try:
            return Participation(
                name=jsontext.text(value["name"]),
                relation=jsontext.text(value["consensusRelation"]),
                status=jsontext.text(value["status"]),
                height=jsontext.number(value["height"]),
                reason=jsontext.text(value.get("reason") or ""),
            )
        except (KeyError, TypeError) as malformed:
            raise errors.ParticipationError("answered with an unreadable channel", address=self.address) from malformed

    def __enter__(self) -> OrdererAdmin:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _shown(answer: bytes) -> str:
    """Return the beginning of an answer as text. To guess its character set would take longer than all else."""
    return answer[:500].decode("utf-8", "replace")
