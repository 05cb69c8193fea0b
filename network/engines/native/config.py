"""core.yaml and orderer.yaml for one node, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from network.state import Folder, Record
from network.topology import Orderer, Peer

BUILDER_VARIABLE = "CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG"
_MAX_MESSAGE = 100 << 20
# Fabric's defaults are meant for thousands of peers over oceans: a gateway then finds the other organisations' peers
# after 29 s. With these it takes 3 s, for a few more small messages a second.
_QUICK_GOSSIP = {
    "reconnectInterval": "2s",
    "membershipTrackerInterval": "1s",
    "pullInterval": "1s",
    "requestStateInfoInterval": "1s",
    "publishStateInfoInterval": "1s",
    "publishCertPeriod": "1s",
    "aliveTimeInterval": "1s",
    "aliveExpirationTimeout": "5s",
}


def peer(folder: Folder, record: Record, node: Peer, builder: Path, data: Path) -> dict[str, Any]:
    """The ``core.yaml`` of a peer on loopback that runs chaincode through *builder* and keeps its ledger in *data*."""
    address = record.address(node.name)
    place = folder.peer(node.msp_id, node.name).absolute()
    return {
        "peer": {
            "id": node.name,
            "networkId": record.name,
            "listenAddress": address,
            "address": address,
            "chaincodeListenAddress": record.address(node.name, "chaincode"),
            "gateway": {"enabled": True, "endorsementTimeout": "30s", "broadcastTimeout": "30s", "dialTimeout": "10s"},
            "gossip": {
                "bootstrap": address,
                "endpoint": address,
                "externalEndpoint": address,
                # Every peer fetches its blocks from the orderers by itself.
                "useLeaderElection": False,
                "orgLeader": True,
                **_QUICK_GOSSIP,
                "pvtData": {
                    # How long a block waits for private data that did not come with it: on loopback what is there
                    # comes at once, and what is not would hold up the peer's ledger.
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
            },
            "tls": {
                "enabled": True,
                "clientAuthRequired": False,
                "cert": {"file": str(place / "tls" / "server.crt")},
                "key": {"file": str(place / "tls" / "server.key")},
                "rootcert": {"file": str(place / "tls" / "ca.crt")},
            },
            "authentication": {"timewindow": "15m"},
            "fileSystemPath": str(data.absolute()),
            "BCCSP": _bccsp(),
            "mspConfigPath": str(place / "msp"),
            "localMspId": node.msp_id,
            "localMspType": "bccsp",
            "deliveryclient": {
                "reconnectTotalTimeThreshold": "3600s",
                "connTimeout": "3s",
                "reConnectBackoffThreshold": "2s",
                "minimalReconnectInterval": "100ms",
            },
            "handlers": {
                "authFilters": [{"name": "DefaultAuth"}, {"name": "ExpirationCheck"}, {"name": "TimeWindowCheck"}],
                "decorators": [{"name": "DefaultDecorator"}],
                "endorsers": {"escc": {"name": "DefaultEndorsement"}},
                "validators": {"vscc": {"name": "DefaultValidation"}},
            },
            "discovery": {"enabled": True, "authCacheEnabled": True, "authCacheMaxSize": 1000},
            "limits": {"concurrency": {"endorserService": 2500, "deliverService": 2500, "gatewayService": 500}},
            "maxRecvMsgSize": _MAX_MESSAGE,
            "maxSendMsgSize": _MAX_MESSAGE,
        },
        # Without a container engine: chaincode runs as a service, and nothing else.
        "vm": {"endpoint": ""},
        "chaincode": {
            "externalBuilders": [
                {"name": "ccaas_builder", "path": str(builder), "propagateEnvironment": [BUILDER_VARIABLE]}
            ],
            "installTimeout": "300s",
            "startuptimeout": "30s",
            "executetimeout": "30s",
            "mode": "net",
            "keepalive": 0,
            "system": {"_lifecycle": "enable", "cscc": "enable", "lscc": "enable", "qscc": "enable"},
            "logging": {"level": "info", "shim": "warning"},
        },
        "ledger": {
            "state": {"stateDatabase": "goleveldb", "totalQueryLimit": 100_000},
            "history": {"enableHistoryDatabase": True},
            "pvtdataStore": {
                "collElgProcMaxDbBatchSize": 5000,
                "collElgProcDbBatchesInterval": 1000,
                "deprioritizedDataReconcilerInterval": "60m",
                "purgeInterval": 100,
                "purgedKeyAuditLogging": True,
            },
            "snapshots": {"rootDir": str((data / "snapshots").absolute())},
        },
        "operations": {"listenAddress": record.address(node.name, "operations"), "tls": {"enabled": False}},
        "metrics": {"provider": "disabled"},
    }


def orderer(folder: Folder, record: Record, node: Orderer, data: Path) -> dict[str, Any]:
    """The ``orderer.yaml`` of an orderer that is joined to channels through its admin listener."""
    place = folder.orderer(node.name).absolute()
    host, _, port = record.address(node.name).rpartition(":")
    admin_roots = [str((folder.organisation(node.msp_id) / "tlsca" / "cert.pem").absolute())]
    tls = {
        "Enabled": True,
        "PrivateKey": str(place / "tls" / "server.key"),
        "Certificate": str(place / "tls" / "server.crt"),
    }
    return {
        "General": {
            "ListenAddress": host,
            "ListenPort": int(port),
            "TLS": {**tls, "RootCAs": [str(place / "tls" / "ca.crt")], "ClientAuthRequired": False},
            "Keepalive": {"ServerMinInterval": "60s", "ServerInterval": "7200s", "ServerTimeout": "20s"},
            "MaxRecvMsgSize": _MAX_MESSAGE,
            "MaxSendMsgSize": _MAX_MESSAGE,
            "Cluster": {"SendBufferSize": 100},
            "BootstrapMethod": "none",
            "LocalMSPDir": str(place / "msp"),
            "LocalMSPID": node.msp_id,
            "BCCSP": {"Default": "SW", "SW": {"Hash": "SHA2", "Security": 256}},
            "Authentication": {"TimeWindow": "15m"},
        },
        "FileLedger": {"Location": str((data / "ledger").absolute())},
        "Operations": {"ListenAddress": record.address(node.name, "operations"), "TLS": {"Enabled": False}},
        "Metrics": {"Provider": "disabled"},
        "Admin": {
            "ListenAddress": record.address(node.name, "admin"),
            "TLS": {**tls, "ClientAuthRequired": True, "ClientRootCAs": admin_roots},
        },
        "ChannelParticipation": {"Enabled": True, "MaxRequestBodySize": "10 MB"},
        "Consensus": {
            "WALDir": str((data / "wal").absolute()),
            "SnapDir": str((data / "snapshots").absolute()),
        },
    }


def text(values: Mapping[str, Any]) -> bytes:
    """Configuration values as YAML."""
    return yaml.safe_dump(dict(values), sort_keys=False, default_flow_style=False).encode()


def builder_environment(values: Mapping[str, str]) -> dict[str, str]:
    """The variable through which the chaincode builder learns this peer's own addresses."""
    return {BUILDER_VARIABLE: json.dumps(dict(values), sort_keys=True)} if values else {}


def _bccsp() -> dict[str, Any]:
    return {"Default": "SW", "SW": {"Hash": "SHA2", "Security": 256, "FileKeyStore": {"KeyStore": ""}}}
