"""Private data: who may write, read and endorse it, and what everybody else sees."""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance.answers import Answer
from tests.conformance.cases import case
from tests.conformance.lab import Lab

CLOSED, OPEN = "org12", "org12open"
OWN, OTHER = "_implicit_org_Org1MSP", "_implicit_org_Org2MSP"


def value(key: str, text: str) -> Mapping[str, bytes]:
    """The transient fields that the laboratory's private writes read."""
    return {"key": key.encode(), "value": text.encode()}


def _kept(lab: Lab, collection: str = CLOSED, text: str = "secret") -> str:
    """Commit a private value under a fresh key; return the key."""
    key = lab.fresh("private")
    lab.must("putpvt", collection, transient=value(key, text))
    return key


case("pvt put org1 via transient")(lambda lab: lab.submit("putpvt", CLOSED, transient=value("p-put", "secret1")))
case("pvt put org12 without transient")(lambda lab: lab.submit("putpvtarg", CLOSED, "p-arg", "secret2"))
case("pvt get org1")(lambda lab: lab.evaluate("getpvt", CLOSED, _kept(lab)))
case("pvt get org3 peer org3 user")(lambda lab: lab.evaluate("getpvt", CLOSED, _kept(lab), organisation="Org3"))
case("pvt get org3 peer direct")(lambda lab: lab.process("getpvt", CLOSED, _kept(lab), organisation="Org3"))
case("pvt get org1 peer org3 user")(lambda lab: lab.evaluate("getpvt", CLOSED, _kept(lab), caller=lab.caller("Org3")))
case("pvt get missing key")(lambda lab: lab.evaluate("getpvt", CLOSED, "nokey"))
case("pvt hash org1")(lambda lab: lab.evaluate("getpvthash", CLOSED, _kept(lab)))
case("pvt hash at a non-member")(lambda lab: lab.evaluate("getpvthash", CLOSED, _kept(lab), organisation="Org3"))
case("pvt hash missing key")(lambda lab: lab.evaluate("getpvthash", CLOSED, "nokey"))
case("pvt open get org3 peer org3 user")(
    lambda lab: lab.evaluate("getpvt", OPEN, _kept(lab, OPEN), organisation="Org3")
)
case("pvt write by non-member user")(
    lambda lab: lab.endorse_answer("putpvt", CLOSED, organisation="Org3", transient=value("p-3", "x"))
)
case("pvt write by org3 user to org1 gw")(
    lambda lab: lab.endorse_answer("putpvt", CLOSED, caller=lab.caller("Org3"), transient=value("p-3", "x"))
)
case("pvt write org12open by org3 user org3 gw explicit orgs")(
    lambda lab: lab.submit(
        "putpvt", OPEN, organisation="Org3", transient=value("p-4", "x"), orgs=["Org1MSP", "Org2MSP"]
    )
)
case("pvt write org12open by org1")(lambda lab: lab.submit("putpvt", OPEN, transient=value("p-5", "x")))


@case("pvt write org12open by org3 user org3 gw")
def open_write_by_a_stranger(lab: Lab) -> Answer:
    """A collection that admits strangers' writes is endorsed by one of its members."""
    answer = lab.submit("putpvt", OPEN, organisation="Org3", transient=value("p-6", "x"))
    return answer.then(lambda told: told["validation_code"])


case("transient via gateway without the chaincode")(
    lambda lab: lab.evaluate("transient", organisation="Org3", chaincode="single", transient={"a": b"1"})
)
case("transient via gateway without the chaincode, targets")(
    lambda lab: lab.evaluate(
        "transient", organisation="Org3", chaincode="single", transient={"a": b"1"}, targets=["Org1MSP"]
    )
)
case("endorse transient via gateway without the chaincode")(
    lambda lab: lab.endorse_answer("transient", organisation="Org3", chaincode="single", transient={"a": b"1"})
)
case("pvt no such collection put")(lambda lab: lab.endorse_answer("putpvtnocoll"))
case("pvt no such collection get")(lambda lab: lab.evaluate("getpvt", "nosuchcoll", "k"))
case("pvt collection on chaincode without collections")(
    lambda lab: lab.evaluate("getpvt", CLOSED, "k", chaincode="single")
)
case("pvt read after write mix")(lambda lab: lab.submit("rmwpvt", CLOSED, _kept(lab), "secret1b"))


@case("pvt range")
def private_range(lab: Lab) -> Answer:
    """A member reads a range of its collection."""
    for key in ("range-1", "range-2"):
        lab.must("putpvt", CLOSED, transient=value(key, f"secret of {key}"))
    return lab.evaluate("pvtrange", CLOSED, "range-", "range-z")


@case("implicit get org1")
def implicit_get(lab: Lab) -> Answer:
    """The owner's peer answers."""
    return lab.evaluate("getpvt", OWN, _kept(lab, OWN))


@case("implicit get by a stranger at the owner's peer")
def implicit_get_by_stranger(lab: Lab) -> Answer:
    """An implicit collection does not check its reader."""
    return lab.evaluate("getpvt", OWN, _kept(lab, OWN), caller=lab.caller("Org2"))


@case("implicit get via org2 gateway")
def implicit_get_elsewhere(lab: Lab) -> Answer:
    """Another organisation's peer has the hash alone."""
    return lab.evaluate("getpvt", OWN, _kept(lab, OWN), organisation="Org2")


@case("implicit get org2 peer direct")
def implicit_get_elsewhere_direct(lab: Lab) -> Answer:
    """The same at the endorser itself."""
    return lab.process("getpvt", OWN, _kept(lab, OWN), organisation="Org2", caller=lab.caller("Org1"))


case("implicit put other org via org1 gw")(lambda lab: lab.submit("putpvt", OTHER, transient=value("i-1", "x")))
case("implicit put other org via org1 gw, orgs=[Org2]")(
    lambda lab: lab.submit("putpvt", OTHER, transient=value("i-2", "x"), orgs=["Org2MSP"])
)
case("implicit put other org, endorsed by wrong org")(
    lambda lab: lab.submit("putpvt", OTHER, transient=value("i-3", "x"), orgs=["Org1MSP"])
)
case("implicit put org1 orgs=[Org1,Org2]")(
    lambda lab: lab.submit("putpvt", OWN, transient=value("i-4", "x"), orgs=["Org1MSP", "Org2MSP"])
)
case("implicit put without transient")(lambda lab: lab.submit("putpvtarg", OTHER, "i-5", "x"))
case("implicit unknown org")(lambda lab: lab.endorse_answer("putpvtarg", "_implicit_org_NopeMSP", "k", "x"))


@case("implicit read in submit of other org")
def implicit_read_of_another(lab: Lab) -> Answer:
    """The first endorser is the gateway's own, and it does not hold the value."""
    key = lab.fresh("implicit")
    lab.must("putpvt", OTHER, transient=value(key, "x"))
    return lab.endorse_answer("rmwpvt", OTHER, key, "y")


@case("pvt delete")
def private_delete(lab: Lab) -> Answer:
    """A deletion is a transaction like a write."""
    return lab.submit("delpvt", CLOSED, _kept(lab))


@case("pvt get deleted")
def private_get_deleted(lab: Lab) -> Answer:
    """Nothing is read after it."""
    key = _kept(lab)
    lab.must("delpvt", CLOSED, key)
    return lab.evaluate("getpvt", CLOSED, key)


@case("pvt hash deleted")
def private_hash_deleted(lab: Lab) -> Answer:
    """Nor its hash, anywhere."""
    key = _kept(lab)
    lab.must("delpvt", CLOSED, key)
    lab.wait_for_height("Org3")
    return lab.evaluate("getpvthash", CLOSED, key, organisation="Org3")


@case("pvt purge")
def private_purge(lab: Lab) -> Answer:
    """A purge removes history too."""
    return lab.submit("purgepvt", CLOSED, _kept(lab))


@case("pvt get purged")
def private_get_purged(lab: Lab) -> Answer:
    """Nothing is read after a purge, at any member."""
    key = _kept(lab)
    lab.must("purgepvt", CLOSED, key)
    lab.wait_for_height("Org2")
    return lab.evaluate("getpvt", CLOSED, key, organisation="Org2")


@case("pvt hash purged")
def private_hash_purged(lab: Lab) -> Answer:
    """Nor its hash."""
    key = _kept(lab)
    lab.must("purgepvt", CLOSED, key)
    return lab.evaluate("getpvthash", CLOSED, key)


def _expired(lab: Lab) -> str:
    key = _kept(lab, OPEN)
    # The collection's values live for three blocks after the one that wrote them.
    for number in range(4):
        lab.must("put", "expiry", str(number))
    return key


case("pvt expired blockToLive 3")(lambda lab: lab.evaluate("getpvt", OPEN, _expired(lab)))
case("pvt hash expired blockToLive 3")(lambda lab: lab.evaluate("getpvthash", OPEN, _expired(lab)))


@case("pvt mvcc conflict")
def private_conflict(lab: Lab) -> Answer:
    """Private reads conflict through the hash of their key."""
    key = _kept(lab)
    several = [lab.endorse("rmwpvt", CLOSED, key, text) for text in ("1", "2")]
    return Answer(result=lab.submit_together(*several))
