"""A plan of ``selat network plan --json`` in words: each step, who must sign it and what it interrupts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.console import companies
from gateway.console.changes import policywords, settingwords
from gateway.console.changes.settingwords import ChangedSetting
from gateway.pages.languages import gettext
from gateway.pages.states import N_
from hlf.sentdocuments import SentDocument

KIND = "plan"


@dataclass(frozen=True)
class ShownStep:
    """One step in words; *loses* is the private data that may go, *interrupts* is empty if it interrupts nothing."""

    head: str
    changes: list[ChangedSetting]
    afterwards: list[str]
    loses: list[str]
    signers: list[str]
    interrupts: str
    destructive: bool


@dataclass(frozen=True)
class ShownPlan:
    """
    A plan in words.

    Attributes:
        problems: what must be changed in the file before anything is done, in the words of the command.
        notes: what differs and stays, in the words of the command.
    """

    steps: list[ShownStep]
    problems: list[str]
    notes: list[str]

    @property
    def destructive(self) -> bool:
        """Whether a step takes something away from somebody."""
        return any(each.destructive for each in self.steps)

    @property
    def command(self) -> str:
        """The next command; empty if there is nothing to do."""
        if self.problems or not self.steps:
            return ""
        return "selat network apply --consortium consortium.yaml" + (" --yes" if self.destructive else "")


def read(document: SentDocument) -> ShownPlan:
    """
    Return the plan in a document.

    Raises:
        DocumentError: it is no plan, or has a step that this release does not know.
    """
    steps = [_step(document.part(each)) for each in document.records("steps")]
    return ShownPlan(steps, document.texts("problems"), document.texts("notes"))


def _step(step: SentDocument) -> ShownStep:
    kind = step.text("step")
    if kind not in STEPS:
        raise step.error(f"has a step {kind[:40]!r} that this release does not know", "Update the gateway.")
    return ShownStep(
        head=STEPS[kind](step),
        changes=_changes(kind, step),
        afterwards=list(_AFTERWARDS[kind](step)) if kind in _AFTERWARDS else [],
        loses=[_loss(step.part(each)) for each in step.records("loses")],
        signers=[companies.name(each) for each in step.texts("signers")],
        interrupts=gettext(_INTERRUPTS.get(kind, _A_MOMENT)) if step.text("interrupts") else "",
        destructive=step.flag("destructive"),
    )


def _loss(loss: SentDocument) -> str:
    """Return which private data goes with a peer, and who else has it."""
    company, keepers = companies.name(loss.text("msp_id")), loss.texts("keepers")
    alone = gettext("what %(company)s alone sees") % {"company": company}
    given = {
        "channel": loss.text("channel"),
        "peer": loss.text("peer"),
        "what": ", ".join((*loss.texts("collections"), alone)),
    }
    told = gettext("May lose private data of channel %(channel)s on %(peer)s: %(what)s.") % given
    if keepers:
        return f"{told} " + gettext("What is by then on %(peers)s too stays.") % {"peers": ", ".join(keepers)}
    return f"{told} " + gettext("No other peer of %(company)s has any of it.") % {"company": company}


def _changes(kind: str, step: SentDocument) -> list[ChangedSetting]:
    if kind not in _CHANGING:
        return []
    parts = [step.part(each) for each in step.records("changes")]
    told = settingwords.told((each.text("what"), each.text("before"), each.text("after")) for each in parts)
    if kind != "configure":
        return told
    return [
        *map(settingwords.joins, step.texts("added")),
        *map(settingwords.leaves, step.texts("removed")),
        *told,
    ]


def _agreement(step: SentDocument) -> list[str]:
    words = gettext("%(quorum)s of %(orderers)s orderers must agree on each block")
    return [words % {"quorum": step.number("quorum"), "orderers": step.number("orderers")}]


def _seen_and_endorsed(step: SentDocument) -> list[str]:
    """Return who sees and who endorses what after the step."""
    definition = step.part(step.mapping("definition"))
    found = [gettext("Must endorse: %(who)s") % {"who": policywords.told(definition.text("endorsement"))}]
    for name in sorted(step.mapping("definition")):
        start, _, last = name.rpartition(".")
        collection = start.partition(".")[2]
        if last == "policy":
            who = policywords.told(definition.text(name))
            found.append(gettext("Sees %(collection)s: %(who)s") % {"collection": collection, "who": who})
        elif last == "endorsement" and collection:
            who = policywords.told(definition.text(name))
            words = gettext("Must endorse what is written to %(collection)s: %(who)s")
            found.append(words % {"collection": collection, "who": who})
    return found


def _run_or_not(step: SentDocument) -> list[str]:
    runs, agrees = gettext("%(company)s runs it and can endorse"), gettext("%(company)s agrees and does not run it")
    approvals = step.part(step.mapping("approvals"))
    return [
        (runs if approvals.text(each) else agrees) % {"company": companies.name(each)}
        for each in sorted(step.mapping("approvals"))
    ]


def _serve(step: SentDocument) -> str:
    again = step.texts("again")
    new = [each for each in step.texts("servers") if each not in again]
    parts = [gettext("Start %(what)s") % {"what": ", ".join(new)}] if new else []
    parts += [gettext("Start %(what)s again") % {"what": ", ".join(again)}] if again else []
    return "; ".join(parts)


def _listed(words: str, name: str) -> Callable[[SentDocument], str]:
    return lambda step: gettext(words) % {"what": ", ".join(step.texts(name))}


def _in_channel(words: str, name: str) -> Callable[[SentDocument], str]:
    return lambda step: gettext(words) % {"what": ", ".join(step.texts(name)), "channel": step.text("channel")}


def _restart(step: SentDocument) -> str:
    words = gettext("Start the peers of %(company)s again, with other settings")
    return words % {"company": companies.name(step.text("msp_id"))}


def _add_orderer(step: SentDocument) -> str:
    given = {"company": companies.name(step.text("msp_id")), "what": step.text("address")}
    return gettext("Add the orderer %(what)s of %(company)s to channel %(channel)s") % {
        **given,
        "channel": step.text("channel"),
    }


def _create(step: SentDocument) -> str:
    who = ", ".join(map(companies.name, step.texts("members")))
    return gettext("Make channel %(channel)s with %(who)s") % {"who": who, "channel": step.text("channel")}


def _configure(step: SentDocument) -> str:
    return gettext("Change the configuration of channel %(channel)s") % {"channel": step.text("channel")}


def _remove_orderer(step: SentDocument) -> str:
    return gettext("Take the orderer %(what)s out of channel %(channel)s") % {
        "what": step.text("address"),
        "channel": step.text("channel"),
    }


def _install(step: SentDocument) -> str:
    given = {"chaincode": step.text("package_id").partition(":")[0], "what": ", ".join(step.texts("peers"))}
    return gettext("Install %(chaincode)s on %(what)s") % given


def _define(step: SentDocument) -> str:
    sequence = step.part(step.mapping("definition")).text("sequence")
    words = gettext("Approve %(chaincode)s on channel %(channel)s and put it in force, definition %(sequence)s")
    return words % {"chaincode": step.text("chaincode"), "sequence": sequence, "channel": step.text("channel")}


def _approve(step: SentDocument) -> str:
    words = gettext("Approve %(chaincode)s on channel %(channel)s, as it is in force")
    return words % {"chaincode": step.text("chaincode"), "channel": step.text("channel")}


STEPS: Mapping[str, Callable[[SentDocument], str]] = {
    "enrol": _listed(N_("Make keys and certificates of %(what)s"), "users"),
    "start": _listed(N_("Start %(what)s"), "nodes"),
    "restart": _restart,
    "serve": _serve,
    "stopnodes": _listed(N_("Stop %(what)s; ledgers and keys stay"), "programs"),
    "create": _create,
    "configure": _configure,
    "addorderer": _add_orderer,
    "removeorderer": _remove_orderer,
    "join": _in_channel(N_("Let %(what)s join channel %(channel)s"), "peers"),
    "leave": _in_channel(N_("Take channel %(channel)s and its ledger off %(what)s"), "peers"),
    "install": _install,
    "define": _define,
    "approve": _approve,
}
"""Of each kind of step, what it does; a test compares the kinds with those of plans."""

_CHANGING = frozenset({"restart", "configure", "define"})
_AFTERWARDS: Mapping[str, Callable[[SentDocument], list[str]]] = {
    "addorderer": _agreement,
    "removeorderer": _agreement,
    "define": _seen_and_endorsed,
    "approve": _run_or_not,
}
_A_MOMENT = N_("What it names is away for a moment.")
_INTERRUPTS: Mapping[str, str] = {
    "configure": N_("A transaction that a leaving member endorsed, and that is sent later, is invalid: send it again."),
    "define": N_("A transaction that was endorsed before, and that is sent later, is invalid: send it again."),
}
