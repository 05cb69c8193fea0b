"""What `import hlf` offers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hlf

PUBLIC = [
    "BlockAndPrivateData",
    "Cancellation",
    "ChaincodeEvent",
    "Commit",
    "Connections",
    "Contract",
    "Endpoint",
    "EventStream",
    "FilteredBlock",
    "Gateway",
    "HlfError",
    "Identity",
    "Network",
    "Profile",
    "Proposal",
    "Retry",
    "Signer",
    "Status",
    "SubmittedTransaction",
    "Timeouts",
    "TlsIdentity",
    "Transaction",
    "checkpoints",
    "connect",
    "errors",
    "load_user",
    "signers",
]


def test_the_public_names_are_these():
    """A name that comes or goes is a decision: users write against them."""
    assert hlf.__all__ == PUBLIC
    assert sorted(dir(hlf)) == sorted([*PUBLIC, "__version__"])


@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_name_is_there(name):
    """It is what the module of the same name below has."""
    assert getattr(hlf, name).__name__.rpartition(".")[2] == name


def test_type_checkers_see_what_the_interpreter_gives():
    """The names are loaded when they are used, so they stand twice: once for each reader."""
    (block,) = (node for node in ast.parse(Path(hlf.__file__).read_text()).body if isinstance(node, ast.If))
    told = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert sorted(told) == PUBLIC
    for name, module in told.items():
        assert getattr(__import__(module, fromlist=[name]), name) is getattr(hlf, name)


def test_an_unknown_name_is_an_attribute_error():
    """As of any module."""
    with pytest.raises(AttributeError, match="module 'hlf' has no attribute 'nosuch'"):
        hlf.nosuch  # noqa: B018


def test_a_contract_loads_no_client():
    """`import hlf` alone loads nothing else, and the codec only the standard library."""
    code = "import sys, hlf.codec.canonical; print({'grpc', 'google', 'cryptography'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
