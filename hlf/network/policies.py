"""
Check the policies of a consortium file.

Fabric accepts a policy with the name of an organisation that does not exist,
and then nobody can satisfy it: a typing error closes a channel. So every policy
is parsed, and every name in it looked up, before anything is made from the file.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2

from hlf import errors as hlf_errors
from hlf.network.document import Field
from hlf.wire import policies

_RULES = ("ANY", "ALL", "MAJORITY")
# The policies that each member's own group has; only these can be counted by a rule over all members.
_OF_MEMBERS = ("Readers", "Writers", "Admins", "Endorsement")
_OF_APPLICATION = (*_OF_MEMBERS, "LifecycleEndorsement")
_OF_OTHERS = ("Readers", "Writers", "Admins")


def application(each: Field, known: Collection[str]) -> str:
    """
    Return a policy of ``/Channel/Application``: ``MAJORITY Admins``, or a signature policy of *known* MSP ids only.

    Raises:
        ConsortiumError: it is neither.
    """
    text = each.text()
    words = text.split()
    if len(words) != 2 or words[0] not in _RULES:
        return _signature(each, text, known, "MAJORITY Endorsement, ANY Readers, ALL Admins")
    if words[1] not in _OF_MEMBERS:
        raise each.error(f"members have no policy {words[1]!r}", f"They have {', '.join(_OF_MEMBERS)}.")
    return text


def endorsement(each: Field, known: Collection[str], own: Collection[str]) -> str:
    """
    Return an endorsement policy: a signature policy, or the path of a channel policy; *own* are those its file adds.
    """
    text = each.text()
    return _path(each, text, own) if text.startswith("/") else _signature(each, text, known)


def access(each: Field, own: Collection[str]) -> str:
    """Return the policy of an access rule, by its path; a relative one is meant from ``/Channel/Application``."""
    text = each.text()
    _path(each, text if text.startswith("/") else f"/Channel/Application/{text}", own)
    return text


def members(each: Field, known: Collection[str]) -> str:
    """Return the policy that says whose a collection is: ``OR`` over members, as Fabric's lifecycle wants it."""
    text = _signature(each, each.text(), known)
    if not _only_or(policies.from_dsl(text).rule):
        raise each.error("a collection's members are an OR of organisations", "Write OR('AMSP.member', 'BMSP.member').")
    return text


def _signature(each: Field, text: str, known: Collection[str], *others: str) -> str:
    examples = ", ".join((*others, "OR('AMSP.peer', AND('BMSP.peer', 'CMSP.peer'))"))
    try:
        envelope = policies.from_dsl(text)
    except hlf_errors.PolicyError as error:
        raise each.error(f"is no policy: {error}", f"Policies look like {examples}.") from error
    for principal in envelope.identities:
        msp_id = msp_principal_pb2.MSPRole.FromString(principal.principal).msp_identifier
        if msp_id not in known:
            raise each.error(
                f"it asks for {msp_id}, and no organisation of this file has that MSP id",
                f"Name some of {', '.join(known)}.",
            )
    return text


def _path(each: Field, path: str, own: Collection[str]) -> str:
    """
    Return the path, if a policy stands there in a channel of this file.

    A member's own policies are not checked, because members come and go.
    """
    group, _, name = path.rpartition("/")
    found = {
        "/Channel": _OF_OTHERS,
        "/Channel/Orderer": (*_OF_OTHERS, "BlockValidation"),
        "/Channel/Application": (*_OF_APPLICATION, *own),
    }
    if group in found and name not in found[group]:
        raise each.error(f"{group} has no policy {name!r}", f"It has {', '.join(found[group])}.")
    if group not in found and not group.startswith(("/Channel/Application/", "/Channel/Orderer/")):
        raise each.error(f"{path!r} leads to no policy", "Write a path such as /Channel/Application/Admins.")
    return path


def _only_or(rule: Any) -> bool:
    if not isinstance(rule, policies_pb2.SignaturePolicy) or not rule.HasField("n_out_of"):
        return True
    return rule.n_out_of.n == 1 and all(_only_or(inner) for inner in rule.n_out_of.rules)
