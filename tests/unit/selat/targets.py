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
    "an expired certificate": "has a certificate that ended on .*Renew it: hlf network renew [A-Za-z]+MSP/Admin",
    "an engine that is down": "holds no running network. Start it: hlf network up --state",
}
ACT = frozenset(SAID)
# Who only looks writes nothing, and waits for nobody.
LOOK = frozenset({"another user", "an expired certificate", "an engine that is down"})
# What stands in the folder is enough.
FOLDER = frozenset({"another user"})
WRITE = FOLDER | {"two at once", "a full disk"}


@dataclass(frozen=True)
class Row:
    """
    One target.

    Attributes:
        given: the variables of a call that is right.
        unknown: a variable with a name that nobody has; a target that takes no name has none.
        said: what is said of that name.
        mistakes: those of :data:`SAID` that it can meet.
        otherwise: what is said of a mistake, where that is something else.
        looks: whether it changes nothing, so that it neither waits for another command nor needs room.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    said: str = ""
    mistakes: frozenset[str] = ACT
    otherwise: Mapping[str, str] = field(default_factory=dict)
    looks: bool = False


def _papers(**given: str) -> dict[str, str]:
    """Return variables of which paths stand in the folder of papers, in the name of one organisation."""
    return {"MSP": "AMSP"} | {name: f"{{papers}}/{value}" for name, value in given.items()}


_CHANNEL = (
    {"CHANNEL": "z"},
    "no ch(annel|aincode lab of AMSP on channel) '?z'?[.] (It has|Its channels are|Choose one of)",
)
_MSP = ({"MSP": "ZMSP"}, "no organisation ZMSP. It has")
_NO_PAPER = ({"PAPER": "{papers}/none"}, "none: cannot be read: No such file")
_NO_SETTING = ({"CONSORTIUM": "{papers}/none.yaml"}, "none.yaml: cannot be read")

_DEFINES = ACT - {"a missing signature"}
_PROPOSED = {
    "a wrong sequence": "has sequence 5 of lab, and channel c has 1 in force. Propose it again with sequence 2"
}

ROWS = {
    "up": Row({}, *_NO_SETTING, WRITE | {"a wrong sequence"}),
    "down": Row({}, mistakes=WRITE - {"a full disk"}),
    "status": Row({}, mistakes=FOLDER, looks=True),
    "stop": Row(
        {"NODE": "peer1.a.test"}, {"NODE": "z"}, "has no node 'z'. Its nodes:", WRITE | {"an engine that is down"}
    ),
    "start": Row(
        {"NODE": "peer1.a.test"}, {"NODE": "z"}, "has no node 'z'. Its nodes:", WRITE | {"an engine that is down"}
    ),
    "plan": Row({}, *_NO_SETTING, LOOK, looks=True),
    "apply": Row({}, *_NO_SETTING, ACT - {"a missing signature", "an engine that is down"}),
    "batch": Row({"CHANNEL": "c", "TIMEOUT": "70ms"}, *_CHANNEL),
    "policy": Row({"CHANNEL": "c", "NAME": "Extra", "RULE": "ANY Admins"}, *_CHANNEL),
    "acl": Row({"CHANNEL": "c", "RESOURCE": "qscc/GetChainInfo", "RULE": "Readers"}, *_CHANNEL),
    "capability": Row({"CHANNEL": "c", "LEVEL": "application", "VERSION": "V2_0"}, *_CHANNEL),
    "anchor": Row({"MSP": "AMSP", "PEERS": "peer1"}, *_MSP),
    "channel-create": Row(
        {"CHANNEL": "new", "MEMBERS": "AMSP BMSP"},
        {"MEMBERS": "ZMSP"},
        "'ZMSP' is none of AMSP, BMSP",
        ACT - {"a missing signature"},
    ),
    "channel-join": Row({"CHANNEL": "c", "MSP": "DMSP"}, *_MSP),
    "channel-leave": Row({"CHANNEL": "c", "MSP": "CMSP", "YES": "1"}, *_CHANNEL),
    "remove-organisation": Row({"MSP": "CMSP", "YES": "1"}, *_MSP),
    "chaincode-upgrade": Row(
        {"CHANNEL": "c", "CHAINCODE": "lab", "VERSION": "1.1"},
        {"CHAINCODE": "z"},
        "the file has no chaincode z. It has lab",
        _DEFINES,
        {"a wrong sequence": "sequence 6 in the file, and 1 is in force. Write `sequence: 2`"},
    ),
    "collection": Row(
        {"CHANNEL": "c", "CHAINCODE": "lab", "COLLECTION": "more", "RULE": MEMBERS},
        {"CHAINCODE": "z"},
        "the file has no chaincode z. It has lab",
        _DEFINES,
        {"a wrong sequence": "sequence 6 in the file, and 1 is in force. Write `sequence: 2`"},
    ),
    "user-enrol": Row({"MSP": "AMSP", "NAME": "clerk"}, *_MSP, ACT - {"a missing signature"}),
    "user-revoke": Row(
        {"MSP": "AMSP", "NAME": "User1"},
        {"NAME": "z"},
        "has no certificate of z of AMSP. It has",
        ACT - {"a wrong sequence"},
    ),
    "renew": Row({"NAMES": "AMSP/User1"}, {"NAMES": "z"}, "has no node or user z. It has", WRITE),
    "ca-roll": Row({"MSP": "AMSP", "YES": "1"}, *_MSP, ACT - {"a wrong sequence"}),
    "orderer-add": Row(
        {"MSP": "OrdererMSP", "NAME": "orderer1"},
        {"MSP": "ZMSP"},
        "ZMSP has no orderer yet. Name its domain: --domain",
        ACT,
    ),
    # The network has one orderer, and this is refused before anything else is looked at.
    "orderer-remove": Row(
        {"MSP": "OrdererMSP", "NAME": "orderer0"}, {"NAME": "z"}, "no orderer z of OrdererMSP. It has", FOLDER
    ),
    "peer-add": Row({"MSP": "BMSP", "NAME": "peer1"}, *_MSP, ACT - {"a missing signature"}),
    "peer-remove": Row(
        {"MSP": "AMSP", "NAME": "peer1", "YES": "1"},
        {"NAME": "z"},
        "the file has no peer z of AMSP. It has peer0, peer1",
        ACT - {"a missing signature"},
    ),
    "backup": Row(
        {"ARCHIVE": "{papers}/new.tar.gz"},
        {},
        "",
        FOLDER | {"two at once"},
    ),
    "unpack": Row(
        {"ARCHIVE": "{papers}/old.tar.gz", "STATE": "{papers}/unpacked"},
        {"ARCHIVE": "{papers}/none"},
        "none: cannot be used: No such file or directory",
        FOLDER,
    ),
    "add-organisation": Row(
        {"CHANNEL": "c", "MSP": "DMSP", "APPLY": "1", "CONSORTIUM": "{papers}/grown.yaml"}, *_CHANNEL
    ),
    "channels": Row({}, mistakes=LOOK, looks=True),
    "channel-info": Row({"CHANNEL": "c"}, *_CHANNEL, LOOK, looks=True),
    "peers": Row({}, mistakes=LOOK, looks=True),
    "logs": Row({"NODE": "embedded"}, {"NODE": "z"}, "has no log of 'z'. The logs are", FOLDER, looks=True),
    "certificates": Row({}, mistakes=FOLDER, looks=True),
    "chaincode-status": Row({"CHANNEL": "c"}, *_CHANNEL, LOOK, looks=True),
    "metrics": Row({}, mistakes=FOLDER, looks=True),
    "render": Row({}, *_NO_SETTING, FOLDER | {"two at once"}),
    "invite": Row(_papers(PAPER="invitation") | {"CHANNEL": "c"}, *_CHANNEL, WRITE),
    "join": Row(
        _papers(PAPER="invitation"),
        *_NO_PAPER,
        WRITE,
        dict.fromkeys(WRITE - FOLDER, "holds the keys of all organisations"),
    ),
    "propose": Row(
        _papers(PAPER="new", CONSORTIUM="changed.yaml") | {"CHANNEL": "c"},
        *_CHANNEL,
        LOOK | WRITE,
    ),
    "sign": Row(_papers(PAPER="proposal"), *_NO_PAPER, FOLDER | {"a full disk", "an expired certificate"}),
    "submit": Row(
        _papers(PAPER="proposal"),
        *_NO_PAPER,
        LOOK | {"a missing signature"},
        {"a missing signature": "has the signatures of nobody, and that is not enough.*Let others sign it"},
    ),
    "chaincode-propose": Row(
        _papers(PAPER="new") | {"CHANNEL": "c", "CHAINCODE": "lab"}, *_CHANNEL, FOLDER | {"a full disk"}
    ),
    "chaincode-package": Row(_papers(PACKAGE="new") | {"CHANNEL": "c", "CHAINCODE": "lab"}, *_CHANNEL, WRITE),
    "chaincode-install": Row(
        _papers(PACKAGE="package"), {"PACKAGE": "{papers}/none"}, "none: cannot be read: No such file", LOOK
    ),
    "chaincode-approve": Row(
        _papers(PAPER="definition", PACKAGE="package"), *_NO_PAPER, LOOK | {"a wrong sequence"}, _PROPOSED
    ),
    "check-readiness": Row(_papers(PAPER="definition"), *_NO_PAPER, LOOK | {"a wrong sequence"}, _PROPOSED, looks=True),
    "chaincode-commit": Row(
        _papers(PAPER="next"),
        *_NO_PAPER,
        LOOK | {"a wrong sequence", "a missing signature"},
        {**_PROPOSED, "a missing signature": "approv"},
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
