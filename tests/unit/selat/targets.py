"""The targets of the Makefile that administer a network: a right call of each, and the mistakes that it can meet."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_TARGET = re.compile(r"^([a-z-]+):.*?##.*\n((?:\t.*\n)+)", re.MULTILINE)
_NEEDED = re.compile(r"\$\(call needs,([A-Z]+),")
_ADMINISTERS = re.compile(r"\$\(ACT\)|/selat network")
MEMBERS = "OR('AMSP.member', 'BMSP.member')"

# What is said of each mistake, cause and cure.
SAID = {
    "two at once": "is being changed by another `hlf network` command. Wait until that one has ended",
    "a full disk": "cannot be used: File too large. Raise the limit of file sizes",
    "another user": r"cannot be (?:used|read): Permission denied\. (?:Give yourself the right to write there|Name the)",
    "a missing signature": "the admins whose keys are here cannot change channel c: .*Exchange the update",
    "a wrong sequence": "sequence 5 .*and 1 is in force.* `?sequence:? 2",
    "an expired certificate": "has a certificate that expired on .*Renew it: hlf network renew [A-Za-z]+MSP/Admin",
    "an engine that is down": "holds no running network. Start it: hlf network up --state",
}
# Why a target cannot meet a mistake: the one reason that there is for each.
SPARED = {
    "two at once": "it changes nothing in the folder of the network",
    "a full disk": "it writes no file",
    "a missing signature": "it asks no channel for a change",
    "a wrong sequence": "it compares no definition with the one in force",
    "an expired certificate": "no node asks it for an admin's certificate",
    "an engine that is down": "it needs no running node",
}
OTHERS, ROOM, SIGNATURE, SEQUENCE, CERTIFICATE, NODES = SPARED
LOOKS = frozenset({OTHERS, ROOM, SIGNATURE, SEQUENCE})
# What stands in the folder is enough.
FOLDER = frozenset({SIGNATURE, SEQUENCE, CERTIFICATE, NODES})


@dataclass(frozen=True)
class Row:
    """
    One target.

    Attributes:
        given: the variables of a call that is right; {papers} and {state} are folders, {new} a new name.
        unknown: a variable with a name that nobody has.
        said: what is said of that name.
        spared: the mistakes that it cannot meet, for the reason in :data:`SPARED`; it meets all others.
        otherwise: what is said of a mistake, where that is something else.
        repeated: the variables, beside those given, of a call that leaves everything as it was; None if there is none.
    """

    given: Mapping[str, str]
    unknown: Mapping[str, str]
    said: str
    spared: frozenset[str] = frozenset()
    otherwise: Mapping[str, str] = field(default_factory=dict)
    repeated: Mapping[str, str] | None = None

    @property
    def mistakes(self) -> frozenset[str]:
        """Return the mistakes that it meets."""
        return frozenset(SAID) - self.spared


def _papers(**given: str) -> dict[str, str]:
    """Return variables of which paths stand in the folder of papers, in the name of one organisation."""
    return {"MSP": "AMSP"} | {name: f"{{papers}}/{value}" for name, value in given.items()}


_CHANNEL = (
    {"CHANNEL": "z"},
    "no ch(annel|aincode lab of AMSP on channel) '?z'?[.] (It has|Its channels are|Choose one of)",
)
_MSP = ({"MSP": "ZMSP"}, "no organisation ZMSP. It has")
_NODE = ({"NODE": "z"}, "has no node 'z'. Its nodes:")
_CHAINCODE = ({"CHAINCODE": "z"}, "the file has no chaincode z. It has lab")
_NO_PAPER = ({"PAPER": "{papers}/none"}, "none: cannot be read: No such file")
_NO_SETTING = ({"CONSORTIUM": "{papers}/none.yaml"}, "none.yaml: cannot be read")
_NO_FOLDER = ({"STATE": "{papers}/none"}, "none.*holds no network. Start one")
_PLAN = {"PLAN": "1"}
_CHANGED = {"CONSORTIUM": "{papers}/changed.yaml"}
_PROPOSED = {SEQUENCE: "has sequence 5 of lab, and channel c has 1 in force. Propose it again with sequence 2"}
_WRITTEN = {SEQUENCE: "sequence 6 in the file, and 1 is in force. Write `sequence: 2`"}
_NO_REQUEST = frozenset({SIGNATURE})

ROWS = {
    "up": Row({}, *_NO_SETTING, FOLDER - {SEQUENCE}),
    "down": Row({}, *_NO_FOLDER, FOLDER | {ROOM}),
    "status": Row({}, *_NO_FOLDER, (FOLDER | LOOKS) - {CERTIFICATE}, repeated={}),
    "stop": Row({"NODE": "peer1.a.test"}, *_NODE, FOLDER - {NODES}),
    "start": Row({"NODE": "peer1.a.test"}, *_NODE, FOLDER - {NODES}),
    "plan": Row(_CHANGED, *_NO_SETTING, frozenset({OTHERS, ROOM}), repeated={}),
    "apply": Row(_CHANGED, *_NO_SETTING, frozenset({NODES})),
    "batch": Row({"CHANNEL": "c", "TIMEOUT": "70ms"}, *_CHANNEL),
    "policy": Row({"CHANNEL": "c", "NAME": "Extra", "RULE": "ANY Admins"}, *_CHANNEL),
    "acl": Row({"CHANNEL": "c", "RESOURCE": "qscc/GetChainInfo", "RULE": "Readers"}, *_CHANNEL),
    "capability": Row({"CHANNEL": "c", "LEVEL": "application", "VERSION": "V2_0"}, *_CHANNEL),
    "anchor": Row({"MSP": "AMSP", "PEERS": "peer1"}, *_MSP),
    "channel-create": Row(
        {"CHANNEL": "new", "MEMBERS": "AMSP BMSP"},
        {"MEMBERS": "ZMSP"},
        "'ZMSP' is none of AMSP, BMSP",
        _NO_REQUEST,
        repeated=_PLAN,
    ),
    "channel-join": Row({"CHANNEL": "c", "MSP": "DMSP"}, *_MSP),
    "channel-leave": Row({"CHANNEL": "c", "MSP": "CMSP", "YES": "1"}, *_CHANNEL),
    "remove-organisation": Row({"MSP": "CMSP", "YES": "1"}, *_MSP),
    "chaincode-upgrade": Row(
        {"CHANNEL": "c", "CHAINCODE": "lab", "VERSION": "1.1"}, *_CHAINCODE, _NO_REQUEST, _WRITTEN, _PLAN
    ),
    "collection": Row(
        {"CHANNEL": "c", "CHAINCODE": "lab", "COLLECTION": "more", "RULE": MEMBERS},
        *_CHAINCODE,
        _NO_REQUEST,
        _WRITTEN,
        _PLAN,
    ),
    "user-enrol": Row({"MSP": "AMSP", "NAME": "clerk"}, *_MSP, _NO_REQUEST, repeated=_PLAN),
    "user-revoke": Row(
        {"MSP": "AMSP", "NAME": "User1"},
        {"NAME": "z"},
        "has no certificate of z of AMSP. It has",
        frozenset({SEQUENCE}),
    ),
    "renew": Row({"NAMES": "AMSP/User1"}, {"NAMES": "z"}, "has no node or user z. It has", FOLDER, repeated={}),
    "ca-roll": Row({"MSP": "AMSP", "YES": "1"}, *_MSP, frozenset({SEQUENCE}), repeated={"YES": ""}),
    "orderer-add": Row(
        {"MSP": "OrdererMSP", "NAME": "orderer3"},
        {"MSP": "ZMSP"},
        "ZMSP has no orderer yet. Name its domain: --domain",
    ),
    "orderer-remove": Row(
        {"MSP": "OrdererMSP", "NAME": "orderer2", "YES": "1"}, {"NAME": "z"}, "no orderer z of OrdererMSP. It has"
    ),
    "peer-add": Row({"MSP": "BMSP", "NAME": "peer1"}, *_MSP, _NO_REQUEST, repeated=_PLAN),
    "peer-remove": Row(
        {"MSP": "AMSP", "NAME": "peer1", "YES": "1"},
        {"NAME": "z"},
        "the file has no peer z of AMSP. It has peer0, peer1",
        _NO_REQUEST,
        repeated=_PLAN,
    ),
    "backup": Row({"ARCHIVE": "{papers}/{new}.tar.gz"}, *_NO_FOLDER, FOLDER),
    "unpack": Row(
        {"ARCHIVE": "{papers}/old.tar.gz", "STATE": "{papers}/{new}"},
        {"ARCHIVE": "{papers}/none"},
        "none: cannot be used: No such file or directory",
        FOLDER | {OTHERS},
    ),
    "add-organisation": Row(
        {"CHANNEL": "c", "MSP": "DMSP", "APPLY": "1", "CONSORTIUM": "{papers}/grown.yaml"}, *_CHANNEL
    ),
    "channels": Row({}, *_NO_FOLDER, LOOKS, repeated={}),
    "channel-info": Row({"CHANNEL": "c"}, *_CHANNEL, LOOKS, repeated={}),
    "peers": Row({}, *_NO_FOLDER, LOOKS, repeated={}),
    "logs": Row({"NODE": "embedded"}, {"NODE": "z"}, "has no log of 'z'. The logs are", FOLDER | LOOKS, repeated={}),
    "certificates": Row({}, *_NO_FOLDER, FOLDER | LOOKS, repeated={}),
    "chaincode-status": Row({"CHANNEL": "c"}, *_CHANNEL, LOOKS, repeated={}),
    "metrics": Row({}, *_NO_FOLDER, FOLDER | LOOKS, repeated={}),
    "render": Row({"MSP": "AMSP", "FROM": "{state}", "STATE": "{papers}/{new}"}, *_MSP, FOLDER | {OTHERS}, repeated={}),
    "invite": Row(_papers(PAPER="{new}") | {"CHANNEL": "c"}, *_CHANNEL, FOLDER, repeated={}),
    "join": Row(
        _papers(PAPER="invitation"),
        *_NO_PAPER,
        FOLDER,
        dict.fromkeys((OTHERS, ROOM), "holds the keys of all organisations"),
    ),
    "propose": Row(
        _papers(PAPER="{new}", CONSORTIUM="changed.yaml") | {"CHANNEL": "c"},
        *_CHANNEL,
        frozenset({SIGNATURE, SEQUENCE}),
        repeated={},
    ),
    "sign": Row(_papers(PAPER="proposal"), *_NO_PAPER, FOLDER - {CERTIFICATE} | {OTHERS}, repeated=_PLAN),
    "submit": Row(
        _papers(PAPER="proposal"),
        *_NO_PAPER,
        LOOKS - {SIGNATURE},
        {SIGNATURE: "has the signatures of nobody, and that is not enough.*Let others sign it"},
    ),
    "chaincode-propose": Row(
        _papers(PAPER="{new}") | {"CHANNEL": "c", "CHAINCODE": "lab"}, *_CHANNEL, FOLDER | {OTHERS}, repeated={}
    ),
    "chaincode-package": Row(
        _papers(PACKAGE="{new}") | {"CHANNEL": "c", "CHAINCODE": "lab"}, *_CHANNEL, FOLDER, repeated={}
    ),
    "chaincode-install": Row(
        _papers(PACKAGE="package"),
        {"PACKAGE": "{papers}/none"},
        "none: cannot be read: No such file",
        LOOKS,
        repeated={},
    ),
    "chaincode-approve": Row(
        _papers(PAPER="definition", PACKAGE="package"), *_NO_PAPER, LOOKS - {SEQUENCE}, _PROPOSED, repeated={}
    ),
    "check-readiness": Row(_papers(PAPER="definition"), *_NO_PAPER, LOOKS - {SEQUENCE}, _PROPOSED, repeated={}),
    "chaincode-commit": Row(
        _papers(PAPER="next"), *_NO_PAPER, frozenset({OTHERS, ROOM}), {**_PROPOSED, SIGNATURE: "approv"}, {}
    ),
}


def administering() -> dict[str, tuple[str, ...]]:
    """Return the targets of the Makefile that call `selat network`, each with the variables that it needs."""
    text = (ROOT / "Makefile").read_text()
    return {
        name: tuple(_NEEDED.findall(recipe)) for name, recipe in _TARGET.findall(text) if _ADMINISTERS.search(recipe)
    }


def words(target: str, variables: Mapping[str, str]) -> list[str]:
    """Return the words that a target gives to `selat`, as `make` writes them."""
    said = make(target, variables)
    assert said.returncode == 0, said.stderr
    (line,) = [each for each in said.stdout.splitlines() if "/selat " in each]
    return shlex.split(line.partition("/selat ")[2])


def make(target: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Ask `make` what it would run; the virtual environment counts as there."""
    given = [f"{name}={value}" for name, value in variables.items()]
    command = ["make", "--no-print-directory", "-n", "-o", ".venv/run", target, *given]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
