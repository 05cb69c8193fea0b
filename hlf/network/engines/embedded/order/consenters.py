"""
Check a channel's consenters: whether an orderer is one, and whether Fabric would accept them.

The embedded engine has no consensus. It orders a channel if one of its orderers
is a consenter, and refuses configurations that real orderers refuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fabric_protos.orderer.etcdraft import configuration_pb2 as raft_pb2

from hlf import errors
from hlf.wire import certificates, signatures
from hlf.wire.certificates import chains
from hlf.wire.config import channelconfig, configvalues

RAFT, BFT = configvalues.RAFT, configvalues.BFT
_RFC3339 = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class OwnIdentity:
    """An orderer's TLS certificate (Raft) and identity (BFT), by which it finds itself among consenters."""

    tls_certificate: bytes
    identity: bytes

    def takes_part(self, ordering: channelconfig.OrderingConfig) -> bool:
        """
        Return whether this orderer is one of the consenters of a new channel.

        Raises:
            ConfigError: the consenters are wrong; the text is Fabric's.
        """
        if ordering.consensus_type == RAFT:
            metadata = _metadata(ordering)
            try:
                _check(metadata, ordering)
            except errors.ConfigError as error:
                raise errors.ConfigError(f"failed to validate config metadata of ordering config: {error}") from error
        return self.is_consenter(ordering)

    def is_consenter(self, ordering: channelconfig.OrderingConfig) -> bool:
        """Return whether one of the consenters, which were checked before, has this orderer's key."""
        if ordering.consensus_type == BFT:
            own = signatures.parse_identity(self.identity)[1]
            return _is_among(own, [consenter.identity for consenter in ordering.consenters])
        listed = _metadata(ordering).consenters
        return _is_among(self.tls_certificate, [consenter.server_tls_cert for consenter in listed])

    def is_replaced(self, ordering: channelconfig.OrderingConfig, update: channelconfig.OrderingConfig) -> bool:
        """Return whether *update* removes this orderer's certificate from the consenters of Raft, or replaces it."""
        kept = {consenter.client_tls_cert for consenter in _metadata(update).consenters}
        return any(
            _is_among(self.tls_certificate, [consenter.server_tls_cert]) and consenter.client_tls_cert not in kept
            for consenter in _metadata(ordering).consenters
        )


def count(ordering: channelconfig.OrderingConfig) -> int:
    """Return how many consenters a channel has."""
    return len(ordering.consenters if ordering.consensus_type == BFT else _metadata(ordering).consenters)


def check_update(ordering: channelconfig.OrderingConfig, update: channelconfig.OrderingConfig) -> None:
    """
    Check an update of a channel's Raft options and consenters.

    Raises:
        ConfigError: options or consenters are wrong; the text is Fabric's.
    """
    try:
        metadata = _metadata(update)
    except errors.ConfigError as error:
        raise errors.ConfigError(f"failed to unmarshal new etcdraft metadata configuration: {error}") from error
    try:
        _check(metadata, update)
    except errors.ConfigError as error:
        raise errors.ConfigError(f"invalid new config metadata: {error}") from error
    present = {consenter.client_tls_cert for consenter in _metadata(ordering).consenters}
    added = [consenter for consenter in metadata.consenters if consenter.client_tls_cert not in present]
    removed = present - {consenter.client_tls_cert for consenter in metadata.consenters}
    if len(added) > 1 or len(removed) > 1:
        raise errors.ConfigError(
            "update of more than one consenter at a time is not supported, requested changes: "
            f"add {len(added)} node(s), remove {len(removed)} node(s)"
        )
    for consenter in added:
        _check_validity(consenter)


def _metadata(ordering: channelconfig.OrderingConfig) -> raft_pb2.ConfigMetadata:
    return configvalues.raft_metadata(ordering.consensus_metadata)


def _check(metadata: Any, ordering: channelconfig.OrderingConfig) -> None:
    if not metadata.HasField("options"):
        raise errors.ConfigError("nil Raft config metadata options")
    _check_options(metadata.options)
    if not metadata.consenters:
        raise errors.ConfigError("empty consenter set")
    authorities = _tls_authorities(ordering)
    for consenter in metadata.consenters:
        place = f"{consenter.host}:{consenter.port}"
        try:
            _check_certificates(consenter, place, authorities)
        except errors.ConfigError as error:
            raise errors.ConfigError(f"consenter {place} has invalid certificate: {error}") from error
    _check_different(metadata.consenters)


def _check_different(listed: Any) -> None:
    """Raise if two consenters share a client or server certificate."""
    seen: set[bytes] = set()
    for consenter in listed:
        own = {consenter.server_tls_cert, consenter.client_tls_cert}
        if seen & own:
            raise errors.ConfigError(
                f"duplicate consenter: server cert: {consenter.server_tls_cert.decode(errors='replace')}, "
                f"client cert: {consenter.client_tls_cert.decode(errors='replace')}"
            )
        seen |= own


def _check_options(options: Any) -> None:
    ticks = (options.heartbeat_tick, options.election_tick, options.max_inflight_blocks)
    if 0 in ticks:
        raise errors.ConfigError(
            f"none of HeartbeatTick ({ticks[0]}), ElectionTick ({ticks[1]}) and MaxInflightBlocks ({ticks[2]}) can be "
            "zero"
        )
    if options.election_tick <= options.heartbeat_tick:
        raise errors.ConfigError(
            f"ElectionTick ({options.election_tick}) must be greater than HeartbeatTick ({options.heartbeat_tick})"
        )
    try:
        interval = configvalues.duration(options.tick_interval)
    except errors.ConfigError as error:
        raise errors.ConfigError(
            f"failed to parse TickInterval ({options.tick_interval}) to time duration: {error}"
        ) from error
    if interval == 0:
        raise errors.ConfigError("TickInterval cannot be zero")
    if interval < 0:
        # Fabric 3.1.5 accepts it, and then the orderer's process ends at the first tick.
        raise errors.ConfigError(f"TickInterval ({options.tick_interval}) cannot be negative")


def _tls_authorities(ordering: channelconfig.OrderingConfig) -> chains.Authorities:
    roots, intermediates = [], []
    for organisation in ordering.organisations.values():
        roots += organisation.msp.config.tls_root_certs
        intermediates += organisation.msp.config.tls_intermediate_certs
    return chains.Authorities.of(roots, intermediates)


def _check_certificates(consenter: Any, place: str, authorities: chains.Authorities) -> None:
    client = _parsed("client", consenter.client_tls_cert, place)
    server = _parsed("server", consenter.server_tls_cert, place)
    for end, certificate in (("client", client), ("server", server)):
        try:
            authorities.chain(certificate)
        except errors.IdentityError as error:
            why = str(error).removeprefix("the supplied identity is not valid: ")
            raise errors.ConfigError(
                f"verifying tls {end} cert with serial number {certificate.serial_number}: {why}"
            ) from error


def _check_validity(consenter: Any) -> None:
    """Raise if a new consenter's certificate is not valid now; those of earlier ones may have expired."""
    now = datetime.now(UTC).replace(microsecond=0)
    for end, pem in (("client", consenter.client_tls_cert), ("server", consenter.server_tls_cert)):
        certificate = certificates.read(pem)
        first, last = certificate.not_before, certificate.not_after
        if not first <= now <= last:
            against = f"before {first:{_RFC3339}}" if now < first else f"after {last:{_RFC3339}}"
            raise errors.ConfigError(
                f"consenter {consenter.host}:{consenter.port} has invalid certificates: verifying tls {end} cert with "
                f"serial number {certificate.serial_number}: x509: certificate has expired or is not yet valid: "
                f"current time {now:{_RFC3339}} is {against}"
            )


def _parsed(end: str, pem: bytes, place: str) -> certificates.Certificate:
    block = certificates.pem.first(pem)
    if block is None:
        raise errors.ConfigError(f"parsing tls {end} cert of {place}: no PEM data found in cert[{pem.hex(' ')}]")
    try:
        return certificates.parse(block.content)
    except errors.IdentityError as error:
        raise errors.ConfigError(f"parsing tls {end} cert of {place}: {error}") from error


def _is_among(own: bytes, listed: list[bytes]) -> bool:
    """
    Return whether one of *listed* has the certificate's key; a renewed certificate keeps the key of the node.
    """
    key = _public_key(own)
    return key is not None and key in map(_public_key, listed)


def _public_key(pem: bytes) -> bytes | None:
    try:
        return certificates.read(pem).public_key.der
    except errors.IdentityError:
        return None
