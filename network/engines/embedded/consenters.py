"""
Whether a channel's ordering service could be set up as its configuration says.

The embedded engine orders by itself, whoever the consenters are. But a
configuration that real orderers would not take must not pass here and fail there.
"""

from __future__ import annotations

from typing import Any

from cryptography import x509
from fabric_protos.orderer.etcdraft import configuration_pb2 as raft_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.wire import chains, channelconfig, configvalues

RAFT, BFT = "etcdraft", "BFT"


def check(ordering: channelconfig.Ordering) -> None:
    """
    Check options and consenters.

    Raises:
        ConfigError: what is wrong with them, in Fabric's words.
    """
    if ordering.consensus_type == RAFT:
        _check_raft(ordering)
    elif not ordering.consenters:
        raise errors.ConfigError("empty consenter mapping")


def _check_raft(ordering: channelconfig.Ordering) -> None:
    try:
        metadata = raft_pb2.ConfigMetadata.FromString(ordering.consensus_metadata)
    except DecodeError as error:
        raise errors.ConfigError("failed to unmarshal etcdraft configuration") from error
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


def _tls_authorities(ordering: channelconfig.Ordering) -> chains.Authorities:
    roots, intermediates = [], []
    for organisation in ordering.organisations.values():
        roots += organisation.msp.config.tls_root_certs
        intermediates += organisation.msp.config.tls_intermediate_certs
    return chains.Authorities.of(roots, intermediates, required=False)


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


def _parsed(end: str, pem: bytes, place: str) -> x509.Certificate:
    try:
        return chains.certificate(pem)
    except errors.IdentityError as error:
        why = str(error) if b"-----BEGIN " in pem else f"no PEM data found in cert[{pem.hex(' ')}]"
        raise errors.ConfigError(f"parsing tls {end} cert of {place}: {why}") from error
