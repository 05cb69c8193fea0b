"""Calls of the chaincode's stub that came with Fabric 3, or that few chaincodes make."""

from __future__ import annotations

import json

from tests.conformance.answers import Answer, ask
from tests.conformance.cases import case
from tests.conformance.lab import Lab

CLOSED = "org12"

case("decorations: none without decorators")(lambda lab: lab.evaluate("decorations"))
case("client id as Go gives it")(lambda lab: lab.evaluate("clientid"))
case("private rich query LevelDB")(lambda lab: lab.evaluate("pvtquery", CLOSED, "{}"))
case("private rich query of a stranger")(
    lambda lab: lab.evaluate("pvtquery", CLOSED, "{}", organisation="Org3", caller=lab.caller("Org3"))
)
case("several keys, empty one")(lambda lab: lab.evaluate("getmany", "", "never-written", ""))
case("several keys, none")(lambda lab: lab.evaluate("getmany", ""))
case("several private keys of a stranger")(
    lambda lab: lab.evaluate("getmany", CLOSED, "a", "b", organisation="Org3", caller=lab.caller("Org3"))
)
case("batch with a bad key")(lambda lab: lab.endorse_answer("batch", "batch-first", "batch-ok", "\x00bad"))


@case("several keys at once")
def several_keys(lab: Lab) -> Answer:
    """Values come in the order of the keys, and a key that is missing, or asked twice, has its place."""
    lab.must("put", "several-1", "one")
    lab.must("put", "several-2", "two")
    return lab.evaluate("getmany", "", "several-2", "never-written", "several-1", "several-2")


@case("several private keys at once")
def several_private_keys(lab: Lab) -> Answer:
    """As public ones, at a member's peer."""
    key = lab.fresh("private")
    lab.must("putpvt", CLOSED, transient={"key": key.encode(), "value": b"secret"})
    return lab.evaluate("getmany", CLOSED, key, "nokey")


@case("several keys at once are read")
def several_keys_are_read(lab: Lab) -> Answer:
    """They are in the read set: a value that changed since makes the transaction invalid."""
    key = lab.fresh("several")
    lab.must("put", key, "1")
    stale = lab.endorse("batch", lab.fresh("batch"), key)
    lab.must("put", key, "2")
    return ask(lambda: lab.submit_together(stale))


@case("batch of writes")
def batch_of_writes(lab: Lab) -> Answer:
    """What is written in a batch is not read in its transaction, and committed with it."""
    first, second = lab.fresh("batch"), lab.fresh("batch")
    before = lab.must("batch", first, second)
    return lab.evaluate("getmany", "", first, second).then(lambda told: [before, told["payload"]])


@case("all composite keys in pages")
def all_composite_keys(lab: Lab) -> Answer:
    """Composite keys of every type in order, simple keys not, and a bookmark to the next page."""
    lab.must("composite", "\u0001first", "a", "1")
    lab.must("composite", "\u0001first", "b")
    return lab.evaluate("allcomposite", "1")


@case("all composite keys, second page")
def all_composite_keys_further(lab: Lab) -> Answer:
    """The bookmark is the first key of the page."""
    lab.must("composite", "\u0001first", "a", "1")
    lab.must("composite", "\u0001first", "b")
    page = lab.evaluate("allcomposite", "1", "\x00\u0001first\x00b\x00")
    return page.then(lambda told: json.loads(told["payload"])["x"])


@case("private composite keys")
def private_composite_keys(lab: Lab) -> Answer:
    """Those of one type and first part."""
    for part in ("a", "b"):
        lab.must("putpvtcomposite", CLOSED, "owner~asset", part)
    return lab.evaluate("pvtpartial", CLOSED, "owner~asset", "a")


@case("key policy changed as a list")
def key_policy_changed(lab: Lab) -> Answer:
    """An organisation is added and another deleted; the bytes are those that Fabric's own shims write."""
    key = lab.fresh("policy")
    lab.must("put", key, "1")
    lab.must("setep", key, "Org1MSP", "Org2MSP", orgs=["Org1MSP", "Org2MSP"])
    told = lab.must("changeep", key, "Org3MSP", "Org2MSP", orgs=["Org1MSP", "Org2MSP"])
    return lab.evaluate("getep", key).then(lambda held: [told, held["payload"]])
