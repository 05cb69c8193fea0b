"""
Administration of a consortium: start, stop, inspect and change it.

The commands of ``hlf network`` call these functions, and so do tests.
"""

from __future__ import annotations

from hlf.network.admin.changing import ChangePlan, apply, plan
from hlf.network.admin.lifetime import RunningNetwork, down, render, up
from hlf.network.admin.membership import Addition, add_organisation, plan_addition
from hlf.network.admin.restarting import start_nodes, stop_nodes
from hlf.network.admin.snapshots import restore, snapshot
from hlf.network.admin.status import NetworkStatus, status

__all__ = [
    "Addition",
    "ChangePlan",
    "NetworkStatus",
    "RunningNetwork",
    "add_organisation",
    "apply",
    "down",
    "plan",
    "plan_addition",
    "render",
    "restore",
    "snapshot",
    "start_nodes",
    "status",
    "stop_nodes",
    "up",
]
