"""The fuzz targets, by name."""

from __future__ import annotations

from tests.fuzz.target import Target
from tests.fuzz.targets import contracts, evidence, exchanges, gateways, messages, networks, x509

ALL: dict[str, Target] = {
    target.name: target
    for module in (x509, messages, evidence, contracts, networks, exchanges, gateways)
    for target in module.TARGETS
}
