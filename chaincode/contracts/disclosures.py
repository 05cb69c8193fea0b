"""
Showing single attributes of a claim to one organisation, for a purpose, until a date, and taking them back.

    Disclosures:request           request_id                   transient request           requester, owner, auditor
    Disclosures:withdraw          request_id                   transient request           the same
    Disclosures:grant             grant_id                     transient grant             owner, recipient, auditor
    Disclosures:grant_reciprocal  request_id, grant_id,        transient request, grant,   owner, requester, auditor
                                  counter_grant_id             counter_salt
    Disclosures:deliver           grant_id, recipient          transient document,         recipient
                                                               disclosures
    Disclosures:revoke            grant_id                     transient grant, salt       owner, recipient, auditor
    Disclosures:record_sealed     seal_id                      transient sealed            owner, auditor
    queries: read, show, show_request, receipt, given, received, audit, requests, sealed

The last column is who endorses, and nobody else may see the transient data.
Each of these organisations executes the same code at its own peer, where only
its own private values are; so what several endorse is proved by hashes alone
(`private`), and the client brings the records along.
"""

from __future__ import annotations

from typing import Any

from chaincode.contracts import access, claims, participants, private
from chaincode.domain import canonical, disclosures, grants, identifiers, moments, records
from chaincode.domain import claims as claim_rules
from chaincode.domain.grants import Asked, Grant, Receipt, Request, Seal, Sealing, Terms
from chaincode.domain.refusals import Refused
from chaincode.shim import api


class Disclosures(api.Contract):
    """Requests, grants, deliveries and revocations of single attributes, between three parties each."""

    @api.transaction
    def request(self, ctx: api.Context, request_id: str) -> dict[str, str]:
        """
        Ask an owner for attributes of its claim, perhaps offering one's own in return.

        Raises:
            Refused: ALREADY_EXISTS, OWN_CLAIM, EXPIRED, NOT_COMMITTED (what is offered), or INVALID_ARGUMENT.
        """
        requester = access.member(ctx)
        asked = private.record(ctx, "request", Asked)
        if asked.owner == requester:
            raise Refused("OWN_CLAIM", "an organisation needs no leave to see its own claim")
        participants.participant(ctx, asked.owner)
        _check_future(ctx, asked.expires_at)
        if asked.offer:
            _committed(ctx, requester, asked.offer.claim_id, asked.offer.revision)
        kept = Request(request_id, requester, participants.directory(ctx).auditor, _now(ctx), asked)
        key = _request_key(ctx, request_id)
        private.absent(ctx, key, kept.parties, f"request {request_id}")
        private.put(ctx, key, records.dumps(kept), kept.parties)
        return _told(ctx, "DisclosureRequested", request_id=request_id)

    @api.transaction
    def withdraw(self, ctx: api.Context, request_id: str) -> dict[str, str]:
        """
        Close one's own request, so that nobody answers it with a reciprocal grant any more.

        Raises:
            Refused: NOT_AS_STORED, NOT_REQUESTER, ALREADY_ANSWERED.
        """
        kept = _proven_request(ctx, request_id)
        access.one_of(ctx, [kept.requester], "NOT_REQUESTER", f"request {request_id} is another organisation's")
        _answer(ctx, kept, "withdrawn")
        return _told(ctx, "RequestWithdrawn", request_id=request_id)

    @api.transaction
    def grant(self, ctx: api.Context, grant_id: str) -> dict[str, str]:
        """
        Let a recipient see attributes of the caller's claim, for a purpose, until a date.

        Raises:
            Refused: ALREADY_EXISTS, OWN_CLAIM, EXPIRED, NOT_COMMITTED, COMMITMENT_CHANGED,
                NOT_A_PARTICIPANT, COHORT_TOO_SMALL, or INVALID_ARGUMENT.
        """
        terms = private.record(ctx, "grant", Terms)
        _open(ctx, grant_id, access.member(ctx), terms)
        return _told(ctx, "DisclosureGranted", grant_id=grant_id)

    @api.transaction
    def grant_reciprocal(
        self, ctx: api.Context, request_id: str, grant_id: str, counter_grant_id: str
    ) -> dict[str, str]:
        """
        Grant what a request asked and open what it offered in return, both in this transaction or neither.

        The requester agreed to its half when it made the request, which is
        answered once. Neither side reads before both have delivered.

        Raises:
            Refused: NOT_AS_STORED, NOT_OWNER, NOT_AS_REQUESTED, NOT_RECIPROCAL, ALREADY_ANSWERED, SALT_REUSED,
                or what grant refuses.
        """
        kept = _proven_request(ctx, request_id)
        owner = access.one_of(ctx, [kept.asked.owner], "NOT_OWNER", f"request {request_id} asks another organisation")
        terms = private.record(ctx, "grant", Terms)
        grants.check_answers(terms, kept)
        counter_salt = disclosures.check_salt(private.text(ctx, "counter_salt"), "transient.counter_salt")
        if counter_salt == terms.salt or grant_id == counter_grant_id:
            raise Refused("SALT_REUSED", "the two grants need an id and a salt of their own each")
        _answer(ctx, kept, grant_id)
        _open(ctx, grant_id, owner, terms, counterpart=counter_grant_id)
        counter = grants.counter_terms(kept, counter_salt)
        _open(ctx, counter_grant_id, kept.requester, counter, counterpart=grant_id)
        return _told(ctx, "ReciprocalGranted", grant_id=grant_id, counter_grant_id=counter_grant_id)

    @api.transaction
    def deliver(self, ctx: api.Context, grant_id: str, recipient: str) -> dict[str, str]:
        """
        Put exactly the granted attributes into the recipient's collection, proved against the owner's commitment.

        Raises:
            Refused: NOT_FOUND, NOT_A_PARTY, NOT_AS_STORED, REVOKED, EXPIRED, NOT_COMMITTED, COMMITMENT_CHANGED,
                WRONG_CLAIM, NOT_IN_CLAIM, ATTRIBUTE_NOT_GRANTED, ATTRIBUTE_MISSING, ATTRIBUTE_TWICE,
                COHORT_TOO_SMALL, ALREADY_EXISTS.
        """
        identifiers.check("recipient", recipient)
        held, data = _own_grant(ctx, recipient, grant_id)
        access.one_of(ctx, [held.owner, recipient], "NOT_A_PARTY", "only owner and recipient deliver")
        # The recipient alone endorses this; that owner and auditor hold the same grant shows that it was given.
        private.prove(ctx, data, _grant_key(ctx, grant_id), held.parties, "NOT_AS_STORED", f"grant {grant_id}")
        held.check_open(moments.of(ctx.timestamp))
        terms = held.terms
        document, committed = claims.proven_document(ctx, held.owner, terms.claim_id, terms.revision)
        _check_pin(ctx, held)
        kind, opened = claim_rules.kind_of(document), private.disclosed(ctx)
        values = disclosures.opened(document, opened, kind.slots)
        held.check_exactly(values)
        kind.check_part(values)
        key = _received_key(ctx, grant_id)
        private.absent(ctx, key, [recipient], f"the delivery under grant {grant_id}")
        copy = {"document": committed.decode(), "disclosures": [one.encoded for one in opened]}
        private.put(ctx, key, canonical.dumps(copy), [recipient])
        return _told(ctx, "DisclosureDelivered", grant_id=grant_id)

    @api.transaction
    def revoke(self, ctx: api.Context, grant_id: str) -> dict[str, str]:
        """
        Take a grant back: the recipient's copy is purged, past and present, and a receipt stays with all three.

        Raises:
            Refused: NOT_AS_STORED, NOT_OWNER, REVOKED, SALT_REUSED, SALT_TOO_SHORT.
        """
        data, salt = private.transient(ctx, "grant"), private.text(ctx, "salt")
        held = records.loads(Grant, data, "transient.grant")
        key = _grant_key(ctx, grant_id)
        private.prove(ctx, data, key, held.parties, "NOT_AS_STORED", f"grant {grant_id}")
        access.one_of(ctx, [held.owner], "NOT_OWNER", f"grant {grant_id} was given by another organisation")
        received = _received_key(ctx, grant_id)
        copy = ctx.stub.get_private_data_hash(private.collection(held.recipient), received)
        private.put(ctx, key, records.dumps(held.revoked(_now(ctx), salt)), held.parties)
        receipt = Receipt(grant_id, held.owner, held.recipient, held.auditor, _now(ctx), copy.hex(), salt)
        private.put(ctx, _receipt_key(ctx, grant_id), records.dumps(receipt), receipt.parties)
        if copy:
            ctx.stub.purge_private_data(private.collection(held.recipient), received)
        return _told(ctx, "DisclosureRevoked", grant_id=grant_id)

    @api.transaction
    def record_sealed(self, ctx: api.Context, seal_id: str) -> dict[str, str]:
        """
        Record that attributes were sealed to the key of somebody outside the channel; the ciphertext stays outside.

        Raises:
            Refused: ALREADY_EXISTS, EXPIRED, NOT_COMMITTED, COMMITMENT_CHANGED, COHORT_TOO_SMALL, INVALID_ARGUMENT.
        """
        owner, sealing = access.member(ctx), private.record(ctx, "sealed", Sealing)
        _check_future(ctx, sealing.expires_at)
        auditor = participants.directory(ctx).auditor
        committed = _pinned(ctx, owner, auditor, sealing.claim_id, sealing.revision)
        seal = Seal(seal_id, owner, auditor, _now(ctx), committed, sealing)
        key = _seal_key(ctx, seal_id)
        private.absent(ctx, key, seal.parties, f"seal {seal_id}")
        private.put(ctx, key, records.dumps(seal), seal.parties)
        return _told(ctx, "DisclosureSealed", seal_id=seal_id)

    @api.query
    def read(self, ctx: api.Context, grant_id: str) -> dict[str, Any]:
        """
        What was delivered to the caller under a grant that is still open.

        Raises:
            Refused: NOT_FOUND, NOT_A_PARTY, REVOKED, EXPIRED, NOT_DELIVERED, NOT_YET_TOGETHER.
        """
        recipient = access.member(ctx)
        held, _ = _own_grant(ctx, recipient, grant_id)
        access.one_of(ctx, [held.recipient], "NOT_A_PARTY", f"grant {grant_id} is for another organisation")
        held.check_open(moments.of(ctx.timestamp))
        if held.counterpart and not _delivered(ctx, held.counterpart, held.owner):
            raise Refused("NOT_YET_TOGETHER", "reciprocal disclosures are read when both are delivered")
        data = ctx.stub.get_private_data(private.collection(recipient), _received_key(ctx, grant_id))
        if not data:
            raise Refused("NOT_DELIVERED", f"nothing was delivered under grant {grant_id}")
        copy: Any = canonical.loads(data)
        values = {one.name: one.value for one in map(disclosures.read, copy["disclosures"])}
        return {"grant": records.plain(held), **copy, "values": values}

    @api.query
    def show(self, ctx: api.Context, grant_id: str) -> bytes:
        """A grant of the caller's, exactly as it is kept; what revoke wants back."""
        return _own_grant(ctx, access.member(ctx), grant_id)[1]

    @api.query
    def show_request(self, ctx: api.Context, request_id: str) -> bytes:
        """A request of or to the caller, exactly as it is kept; what grant_reciprocal wants back."""
        return private.own(ctx, access.member(ctx), _request_key(ctx, request_id), f"request {request_id}")

    @api.query
    def receipt(self, ctx: api.Context, grant_id: str) -> bytes:
        """The receipt of a revocation, for owner, recipient and auditor."""
        return private.own(ctx, access.member(ctx), _receipt_key(ctx, grant_id), f"receipt of grant {grant_id}")

    @api.query
    def given(self, ctx: api.Context) -> list[dict[str, Any]]:
        """Who was shown which of the caller's attributes, for what, until when."""
        caller = access.member(ctx)
        return [_entry(ctx, one) for one in _grants(ctx, caller) if one.owner == caller]

    @api.query
    def received(self, ctx: api.Context) -> list[dict[str, Any]]:
        """What others granted the caller."""
        caller = access.member(ctx)
        return [_entry(ctx, one) for one in _grants(ctx, caller) if one.recipient == caller]

    @api.query
    def audit(self, ctx: api.Context) -> list[dict[str, Any]]:
        """
        Every grant of the channel, names of attributes without values; for the auditor.

        Raises:
            Refused: NOT_AUDITOR.
        """
        caller = access.one_of(ctx, [participants.directory(ctx).auditor], "NOT_AUDITOR", "the auditor asks this")
        return [_entry(ctx, one) for one in _grants(ctx, caller)]

    @api.query
    def requests(self, ctx: api.Context) -> list[dict[str, Any]]:
        """Requests by or to the caller, each with whether it was answered; all of them for the auditor."""
        caller = access.member(ctx)
        found = [records.loads(Request, data) for data in private.listed(ctx, caller, "request")]
        return [
            {**records.plain(one), "answered": bool(_answer_hash(ctx, one, caller))}
            for one in found
        ]

    @api.query
    def sealed(self, ctx: api.Context) -> list[dict[str, Any]]:
        """What the caller sealed to keys outside the channel; all of it for the auditor."""
        found = private.listed(ctx, access.member(ctx), "seal")
        return [records.plain(records.loads(Seal, data)) for data in found]


def _open(ctx: api.Context, grant_id: str, owner: str, terms: Terms, counterpart: str = "") -> None:
    """Write one grant to its three parties."""
    if terms.recipient == owner:
        raise Refused("OWN_CLAIM", "an organisation needs no leave to see its own claim")
    participants.participant(ctx, terms.recipient)
    _check_future(ctx, terms.expires_at)
    auditor = participants.directory(ctx).auditor
    committed = _pinned(ctx, owner, auditor, terms.claim_id, terms.revision)
    grant = Grant(grant_id, owner, auditor, _now(ctx), committed, terms, counterpart)
    key = _grant_key(ctx, grant_id)
    private.absent(ctx, key, grant.parties, f"grant {grant_id}")
    private.put(ctx, key, records.dumps(grant), grant.parties)


def _pinned(ctx: api.Context, owner: str, auditor: str, claim_id: str, revision: int) -> str:
    """
    The hash of the claim's document, kept by the auditor from the first grant on.

    An owner endorses its own collection alone, and with a contract of its own
    making could write another document between two grants. It cannot write
    the auditor's pin, so the second recipient is never told something else
    than the first.
    """
    committed = _committed(ctx, owner, claim_id, revision)
    key, value = _pin(ctx, owner, claim_id, revision, committed)
    if ctx.stub.get_private_data_hash(private.collection(auditor), key):
        private.prove(ctx, value, key, [auditor], "COMMITMENT_CHANGED", "the claim's document")
    else:
        private.put(ctx, key, value, [auditor])
    return committed


def _check_pin(ctx: api.Context, held: Grant) -> None:
    """Refuse a document that is not the one the grant was given for."""
    terms = held.terms
    if _committed(ctx, held.owner, terms.claim_id, terms.revision) != held.document_hash:
        raise Refused("COMMITMENT_CHANGED", "the claim's document is not the one that was granted")
    key, value = _pin(ctx, held.owner, terms.claim_id, terms.revision, held.document_hash)
    private.prove(ctx, value, key, [held.auditor], "COMMITMENT_CHANGED", "the claim's document")


def _pin(ctx: api.Context, owner: str, claim_id: str, revision: int, committed: str) -> tuple[str, bytes]:
    key = ctx.stub.create_composite_key("claim.pin", [owner, claim_id, f"{revision:06}"])
    return key, canonical.dumps({"document_hash": committed})


def _committed(ctx: api.Context, owner: str, claim_id: str, revision: int) -> str:
    key = claims.document_key(ctx, claim_id, revision)
    found = ctx.stub.get_private_data_hash(private.collection(owner), key)
    if not found:
        raise Refused("NOT_COMMITTED", f"{owner} has committed to no such claim and revision")
    return found.hex()


def _proven_request(ctx: api.Context, request_id: str) -> Request:
    data = private.transient(ctx, "request")
    kept = records.loads(Request, data, "transient.request")
    private.prove(
        ctx, data, _request_key(ctx, request_id), kept.parties, "NOT_AS_STORED", f"request {request_id}"
    )
    return kept


def _answer(ctx: api.Context, kept: Request, outcome: str) -> None:
    """Close *kept*; the marker is salted by the request, so that its hash does not tell the outcome."""
    key = ctx.stub.create_composite_key("request.answer", [kept.request_id])
    for holder in sorted(kept.parties):
        if ctx.stub.get_private_data_hash(private.collection(holder), key):
            raise Refused("ALREADY_ANSWERED", f"request {kept.request_id} is closed")
    marker = {"request_id": kept.request_id, "outcome": outcome, "salt": kept.asked.salt}
    private.put(ctx, key, canonical.dumps(marker), kept.parties)


def _answer_hash(ctx: api.Context, kept: Request, holder: str) -> bytes:
    key = ctx.stub.create_composite_key("request.answer", [kept.request_id])
    return ctx.stub.get_private_data_hash(private.collection(holder), key)


def _own_grant(ctx: api.Context, holder: str, grant_id: str) -> tuple[Grant, bytes]:
    data = private.own(ctx, holder, _grant_key(ctx, grant_id), f"grant {grant_id}")
    return records.loads(Grant, data), data


def _grants(ctx: api.Context, holder: str) -> list[Grant]:
    return [records.loads(Grant, data) for data in private.listed(ctx, holder, "grant")]


def _entry(ctx: api.Context, held: Grant) -> dict[str, Any]:
    return {
        "grant": records.plain(held),
        "state": held.state(moments.of(ctx.timestamp)),
        "delivered": _delivered(ctx, held.grant_id, held.recipient),
    }


def _delivered(ctx: api.Context, grant_id: str, recipient: str) -> bool:
    return bool(ctx.stub.get_private_data_hash(private.collection(recipient), _received_key(ctx, grant_id)))


def _check_future(ctx: api.Context, expires_at: str) -> None:
    if grants.moment("expires_at", expires_at) <= moments.of(ctx.timestamp):
        raise Refused("EXPIRED", "the expiry lies in the past")


def _now(ctx: api.Context) -> str:
    return moments.text(moments.of(ctx.timestamp))


def _told(ctx: api.Context, event: str, **ids: str) -> dict[str, str]:
    """Event and answer stand in the block, so both hold identifiers and nothing else."""
    ctx.stub.set_event(event, canonical.dumps(ids))
    return ids


def _grant_key(ctx: api.Context, grant_id: str) -> str:
    return ctx.stub.create_composite_key("grant", [identifiers.check("grant_id", grant_id)])


def _received_key(ctx: api.Context, grant_id: str) -> str:
    return ctx.stub.create_composite_key("received", [identifiers.check("grant_id", grant_id)])


def _receipt_key(ctx: api.Context, grant_id: str) -> str:
    return ctx.stub.create_composite_key("receipt", [identifiers.check("grant_id", grant_id)])


def _request_key(ctx: api.Context, request_id: str) -> str:
    return ctx.stub.create_composite_key("request", [identifiers.check("request_id", request_id)])


def _seal_key(ctx: api.Context, seal_id: str) -> str:
    return ctx.stub.create_composite_key("seal", [identifiers.check("seal_id", seal_id)])
