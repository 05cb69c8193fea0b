"""A network of two organisations for tests that start one, with its consortium file to be rewritten."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from hlf import identity
from hlf.client import gateway
from hlf.network import admin, state, topology
from hlf.network.admin.nodes import Nodes
from hlf.profile import Profile

# Two organisations, one with two peers, and a chaincode whose process differs by organisation.
CONSORTIUM = """\
name: small
organisations:
  - {msp_id: AMSP, domain: a.test, peers: 2}
  - {msp_id: BMSP, domain: b.test}
%(organisations)schannels:
  - name: c
    members: [AMSP, BMSP%(member)s]
    batch: {timeout: 20ms}
    # As in the default consortium: nobody reads whole blocks from a peer's event service.
    acls: {event/Block: /Channel/Application/Admins}
servers:
  - name: lab
    command: ["{python}", -m, tests.support.lab]
    environment:
      {CHAINCODE_ID: "{package_id}", CHAINCODE_SERVER_ADDRESS: "{address}", CORE_PEER_LOCALMSPID: "{organisation}"}
    per_organisation: true
chaincodes:
  - name: lab
    channel: c
    server: lab
    sequence: %(sequence)s
    version: %(version)s
    collections:
      - {name: both, policy: "OR('AMSP.member', 'BMSP.member')"}
"""
FIRST = {"organisations": "", "member": "", "sequence": 1, "version": "1.0"}


@dataclasses.dataclass
class SmallNetwork:
    """One network, with its consortium file to be rewritten."""

    engine: str
    root: Path
    file: Path

    def write(self, **changes: Any) -> None:
        self.file.write_text(CONSORTIUM % {**FIRST, **changes})

    def up(self) -> admin.RunningNetwork:
        return admin.up(self.engine, self.root, self.file)

    def nodes(self) -> Nodes:
        folder = state.Folder(self.root)
        return Nodes(folder, state.existing(folder), topology.load(folder.consortium_file))

    def connect(self, msp_id: str = "AMSP", timeouts: gateway.Timeouts | None = None) -> gateway.Gateway:
        folder = state.Folder(self.root)
        who, signer = identity.load_user(folder.user(msp_id, "User1"), msp_id)
        profile = Profile.load(folder.profile(msp_id))
        return gateway.connect(profile, who, signer, timeouts=timeouts or gateway.Timeouts())
