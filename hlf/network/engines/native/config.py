"""core.yaml and orderer.yaml for one node, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from hlf import yamltext
from hlf.network.state import Record
from hlf.network.topology import Orderer, Peer, PeerSettings
from hlf.wire import keys, messages

BUILDER_VARIABLE = "CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG"
LOGGING = {"FABRIC_LOGGING_SPEC": "info:comm.grpc.server,gossip,endorser,policies,grpc=warning"}
"""What a node logs: not every call, and not every message of gossip."""

# Fabric's defaults are meant for thousands of peers over oceans: a gateway then finds the other organisations' peers
# after 29 s. With these it takes 3 s, for a few more small messages a second.
_QUICK_GOSSIP = {
    "reconnectInterval": "2s",
    "membershipTrackerInterval": "1s",
    "pullInterval": "1s",
    # A pull is hello, digests, request, items. Fabric's defaults let one take three seconds; begun every second, rounds
    # then overlap, and the end of one throws away what the next has asked for: certificates of peers that are not
    # anchors arrive by luck, in seconds or never. A round must be over before the next begins.
    "digestWaitTime": "250ms",
    "requestWaitTime": "700ms",
    "responseWaitTime": "500ms",
    "requestStateInfoInterval": "1s",
    "publishStateInfoInterval": "1s",
    "publishCertPeriod": "1s",
    "aliveTimeInterval": "1s",
    # Fabric's own default is five times its interval. On a busy machine a live peer may be silent for some
    # seconds. A caller of a dead peer goes on to the next at once anyway.
    "aliveExpirationTimeout": "15s",
}


@dataclass(frozen=True)
class Placement:
    """
    The place of a node, as the node itself sees it.

    *material* holds its msp and tls folders, *data* takes its ledger, and *host*
    is what it binds.
    """

    material: PurePath
    data: PurePath
    host: str = "127.0.0.1"

    def bind(self, record: Record, node: str, use: str = "listen") -> str:
        """Return the address a listener binds."""
        return f"{self.interface(record, node, use)}:{record.ports[node][use]}"

    def interface(self, record: Record, node: str, use: str = "listen") -> str:
        """Return the interface a listener binds: every one where others are to reach the node from their hosts."""
        return "0.0.0.0" if use == "listen" and node in record.hosts else self.host  # noqa: S104


def peer(
    record: Record,
    node: Peer,
    settings: PeerSettings,
    placement: Placement,
    builder: PurePath,
    first: Peer | None = None,
) -> dict[str, Any]:
    """
    Return the ``core.yaml`` of a peer that runs chaincode through *builder*, and in no other way.

    *first* is its organisation's first peer, through which it finds the others.
    """
    address = record.inside(node.name)
    return {
        "peer": {
            "id": node.name,
            "networkId": record.name,
            "listenAddress": placement.bind(record, node.name),
            "address": address,
            "chaincodeListenAddress": placement.bind(record, node.name, "chaincode"),
            "gateway": {
                "enabled": settings.gateway_enabled,
                "endorsementTimeout": settings.endorsement_timeout,
                "broadcastTimeout": "30s",
                "dialTimeout": "10s",
            },
            "gossip": _gossip(address, record.inside((first or node).name)),
            "tls": _tls(placement.material / "tls", settings),
            "authentication": {"timewindow": "15m"},
            "fileSystemPath": str(placement.data),
            "BCCSP": _bccsp(),
            "mspConfigPath": str(placement.material / "msp"),
            "localMspId": node.msp_id,
            "localMspType": "bccsp",
            "deliveryclient": _deliveryclient(),
            "handlers": {
                "authFilters": [{"name": name} for name in _authentication_filters(record)],
                "decorators": [{"name": "DefaultDecorator"}],
                "endorsers": {"escc": {"name": "DefaultEndorsement"}},
                "validators": {"vscc": {"name": "DefaultValidation"}},
            },
            "discovery": {"enabled": True, "authCacheEnabled": True, "authCacheMaxSize": 1000},
            "limits": {
                "concurrency": {
                    "endorserService": settings.endorser_concurrency,
                    "deliverService": settings.deliver_concurrency,
                    "gatewayService": settings.gateway_concurrency,
                }
            },
            "maxRecvMsgSize": messages.LARGEST,
            "maxSendMsgSize": messages.LARGEST,
        },
        # Without a container engine: chaincode runs as a service, and nothing else.
        "vm": {"endpoint": ""},
        "chaincode": _chaincode(settings, builder),
        "ledger": _ledger(placement),
        "operations": {"listenAddress": placement.bind(record, node.name, "operations"), "tls": {"enabled": False}},
        "metrics": {"provider": "prometheus"},
    }


def _gossip(address: str, bootstrap: str) -> dict[str, Any]:
    """Return how a peer finds the others of its organisation, and gets private data from them."""
    return {
        "bootstrap": bootstrap,
        "endpoint": address,
        "externalEndpoint": address,
        # Every peer fetches its blocks from the orderers by itself.
        "useLeaderElection": False,
        "orgLeader": True,
        **_QUICK_GOSSIP,
        "pvtData": {
            # How long a block waits for private data that did not come with it. On loopback they come at once,
            # and waiting for missing ones would hold up the peer's ledger.
            "pullRetryThreshold": "2s",
            "transientstoreMaxBlockRetention": 20_000,
            "pushAckTimeout": "3s",
            "btlPullMargin": 10,
            "reconcileBatchSize": 10,
            "reconcileSleepInterval": "5s",
            "reconciliationEnabled": True,
            "implicitCollectionDisseminationPolicy": {"requiredPeerCount": 0, "maxPeerCount": 1},
        },
        "state": {"enabled": False},
    }


def _tls(folder: PurePath, settings: PeerSettings) -> dict[str, Any]:
    """Return the TLS material of a peer, and whose clients it accepts."""
    return {
        "enabled": True,
        "clientAuthRequired": settings.client_auth_required,
        # Of the organisation itself; those of a channel's other members come with its configuration.
        "clientRootCAs": {"files": [str(folder / "ca.crt")]},
        "cert": {"file": str(folder / "server.crt")},
        "key": {"file": str(folder / "server.key")},
        "rootcert": {"file": str(folder / "ca.crt")},
    }


def _deliveryclient() -> dict[str, Any]:
    """Return how a peer fetches its blocks from the orderers."""
    return {
        "reconnectTotalTimeThreshold": "3600s",
        "connTimeout": "3s",
        # Every peer fetches its blocks by itself; 2.5 would pass them on by gossip as well.
        "blockGossipEnabled": False,
        "reConnectBackoffThreshold": "2s",
        "minimalReconnectInterval": "100ms",
    }


def _chaincode(settings: PeerSettings, builder: PurePath) -> dict[str, Any]:
    """Return how a peer runs chaincode: as a service through *builder*, and in no other way."""
    return {
        "externalBuilders": [
            {"name": "ccaas_builder", "path": str(builder), "propagateEnvironment": [BUILDER_VARIABLE]}
        ],
        "installTimeout": "300s",
        "startuptimeout": "30s",
        "executetimeout": settings.execute_timeout,
        "mode": "net",
        "keepalive": 0,
        "system": dict.fromkeys(sorted(keys.SYSTEM_CHAINCODES), "enable"),
        "logging": {"level": "info", "shim": "warning"},
        # Writes and reads of several keys in one message, as a 3.1 release has it; 2.5 does not read this.
        "runtimeParams": {"useWriteBatch": True, "useGetMultipleKeys": True},
    }


def _ledger(placement: Placement) -> dict[str, Any]:
    """Return where and how a peer stores its ledgers."""
    return {
        "state": {"stateDatabase": "goleveldb", "totalQueryLimit": 100_000},
        "history": {"enableHistoryDatabase": True},
        "pvtdataStore": {
            "collElgProcMaxDbBatchSize": 5000,
            "collElgProcDbBatchesInterval": 1000,
            "deprioritizedDataReconcilerInterval": "60m",
            "purgeInterval": 100,
            "purgedKeyAuditLogging": True,
        },
        "snapshots": {"rootDir": str(placement.data / "snapshots")},
    }


def orderer(record: Record, node: Orderer, placement: Placement) -> dict[str, Any]:
    """Return the ``orderer.yaml`` of an orderer that is joined to channels through its admin listener."""
    files = placement.material / "tls"
    tls = {"Enabled": True, "PrivateKey": str(files / "server.key"), "Certificate": str(files / "server.crt")}
    own_organisation = [str(files / "ca.crt")]
    return {
        "General": {
            "ListenAddress": placement.interface(record, node.name),
            "ListenPort": record.ports[node.name]["listen"],
            "TLS": {**tls, "RootCAs": own_organisation, "ClientAuthRequired": False},
            "Keepalive": {"ServerMinInterval": "60s", "ServerInterval": "7200s", "ServerTimeout": "20s"},
            "MaxRecvMsgSize": messages.LARGEST,
            "MaxSendMsgSize": messages.LARGEST,
            "Cluster": {"SendBufferSize": 100},
            "BootstrapMethod": "none",
            "LocalMSPDir": str(placement.material / "msp"),
            "LocalMSPID": node.msp_id,
            "BCCSP": {"Default": "SW", "SW": {"Hash": "SHA2", "Security": 256}},
            "Authentication": {"TimeWindow": "15m"},
        },
        "FileLedger": {"Location": str(placement.data / "ledger")},
        "Operations": {"ListenAddress": placement.bind(record, node.name, "operations"), "TLS": {"Enabled": False}},
        # Among them is whether it leads a channel, which nothing else tells from outside.
        "Metrics": {"Provider": "prometheus"},
        "Admin": {
            "ListenAddress": placement.bind(record, node.name, "admin"),
            "TLS": {**tls, "ClientAuthRequired": True, "ClientRootCAs": own_organisation},
        },
        "ChannelParticipation": {"Enabled": True, "MaxRequestBodySize": "10 MB"},
        "Consensus": {
            "WALDir": str(placement.data / "wal"),
            "SnapDir": str(placement.data / "snapshots"),
        },
    }


def text(values: Mapping[str, Any]) -> bytes:
    """Return configuration values as YAML."""
    return yamltext.dumps(dict(values)).encode()


def builder_environment(values: Mapping[str, str]) -> dict[str, str]:
    """Return the variable through which the chaincode builder learns this peer's own addresses."""
    return {BUILDER_VARIABLE: json.dumps(dict(values), sort_keys=True)} if values else {}


def _authentication_filters(record: Record) -> list[str]:
    """Return the filters of this version: Fabric 3 has one more, and a peer does not start on an unknown name."""
    return ["DefaultAuth", "ExpirationCheck"] + ([] if record.before_fabric_3 else ["TimeWindowCheck"])


def _bccsp() -> dict[str, Any]:
    return {"Default": "SW", "SW": {"Hash": "SHA2", "Security": 256, "FileKeyStore": {"KeyStore": ""}}}
