"""
Validate a block: the code of each transaction, and the changes of the valid ones.

Real peers compute the same result, each from the block and its committed state; here it is computed once for all of
them. First each envelope is checked alone: its form, its creator, its endorsements. Then duplicate ids are refused, and
last come the conflicts of reads. The codes are Fabric's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.peer import chaincode_event_pb2, proposal_pb2, proposal_response_pb2, transaction_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.network.engines.embedded.state import endorsement, lifecycle
from hlf.network.engines.embedded.state.updates import CommittedState, Updates
from hlf.network.engines.embedded.wire import localmsp
from hlf.wire import enumerations, keys, msp, rwsets
from hlf.wire.config import channelconfig
from hlf.wire.endorsement import writepolicies

CODES = transaction_pb2.TxValidationCode
VALID = transaction_pb2.VALID

DefinitionOf = Callable[[str, Any], lifecycle.ChaincodeDefinition | None]


@dataclass(slots=True)
class EnvelopeVerdict:
    """The result of one envelope; *why* is a text for the log without private values."""

    position: int
    code: int = VALID
    tx_id: str = ""
    timestamp: bytes = b""
    rwset: rwsets.TxRwset | None = None
    config: Any = None
    why: str = ""

    @property
    def valid(self) -> bool:
        """Whether the transaction is valid."""
        return bool(self.code == VALID)


@dataclass
class ValidatedBlock:
    """A block's verdicts and the changes of its valid transactions."""

    verdicts: list[EnvelopeVerdict]
    updates: Updates
    config: Any = None

    @property
    def flags(self) -> bytes:
        """The codes of the transactions in the form of the block's metadata."""
        return bytes(verdict.code for verdict in self.verdicts)


class InvalidTransactionError(Exception):
    """A transaction is not valid; the error has the code."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(f"{enumerations.name(CODES, code)}: {why}")
        self.code = code
        self.why = why


@dataclass(slots=True)
class _EndorserTransaction:
    """The parts of a well-formed endorser transaction."""

    verdict: EnvelopeVerdict
    header_extension: bytes
    response_payload: bytes
    response: Any
    endorsements: Sequence[Any]


class BlockValidator:
    """Validates the blocks of one channel under one version of its configuration."""

    def __init__(self, bundle: channelconfig.Bundle, definition_of: DefinitionOf) -> None:
        self._bundle = bundle
        self._definition_of = definition_of
        self._policies = endorsement.EndorsementPolicies(bundle)

    def validate(
        self, number: int, envelopes: Sequence[bytes], committed: CommittedState,
        known: Callable[[list[str]], set[str]], admitted: Sequence[bool] = (),
    ) -> ValidatedBlock:  # fmt: skip
        """
        Validate the envelopes of block *number* against *committed* state.

        *known* returns those of some transaction ids that are in the ledger. If
        *admitted* is true for an envelope, the orderer has verified its creator
        and signature under this configuration, so this step is skipped.
        """
        verdicts = [EnvelopeVerdict(position) for position in range(len(envelopes))]
        endorsed: dict[int, _EndorserTransaction] = {}
        for verdict, raw in zip(verdicts, envelopes, strict=True):
            trusted = verdict.position < len(admitted) and admitted[verdict.position]
            try:
                found = self._examine(verdict, raw, trusted)
                if found is not None:
                    endorsed[verdict.position] = found
            except InvalidTransactionError as invalid:
                verdict.code, verdict.why = invalid.code, invalid.why
        self._check_ids(verdicts, endorsed, known)
        self._check_endorsements(verdicts, endorsed, committed)
        _mark_repeated_ids(verdicts, endorsed)
        updates = Updates(committed)
        for verdict in verdicts:
            if verdict.valid and verdict.rwset is not None:
                verdict.code = updates.conflict(verdict.rwset)
                if verdict.valid:
                    updates.apply(verdict.rwset, rwsets.Version(number, verdict.position))
                else:
                    verdict.why = "what it read has changed since"
        config = next((verdict.config for verdict in verdicts if verdict.valid and verdict.config is not None), None)
        return ValidatedBlock(verdicts, updates, config)

    def _examine(self, verdict: EnvelopeVerdict, raw: bytes, trusted: bool) -> _EndorserTransaction | None:
        """Check form, creator and signature; return the parts of an endorser transaction."""
        if not raw:
            raise InvalidTransactionError(CODES.NIL_ENVELOPE, "nil envelope")
        try:
            envelope = common_pb2.Envelope.FromString(raw)
        except DecodeError as error:
            raise InvalidTransactionError(CODES.INVALID_OTHER_REASON, "the envelope cannot be decoded") from error
        try:
            payload = common_pb2.Payload.FromString(envelope.payload)
        except DecodeError as error:
            raise InvalidTransactionError(CODES.BAD_PAYLOAD, "the payload cannot be decoded") from error
        channel_header, signature_header = _headers(payload, verdict)
        if not trusted:
            self._check_creator(signature_header.creator, envelope)
        if channel_header.type == common_pb2.CONFIG:
            verdict.config = payload.data
            return None
        if channel_header.type != common_pb2.ENDORSER_TRANSACTION:
            raise InvalidTransactionError(
                CODES.UNSUPPORTED_TX_PAYLOAD, "neither an endorsed nor a configuration transaction"
            )
        if channel_header.tx_id != keys.transaction_id(signature_header.nonce, signature_header.creator):
            raise InvalidTransactionError(CODES.BAD_PROPOSAL_TXID, "the id is not the hash of nonce and creator")
        if channel_header.channel_id != self._bundle.channel_id:
            raise InvalidTransactionError(CODES.TARGET_CHAIN_NOT_FOUND, "the transaction is of another channel")
        return _take_apart(payload, channel_header.extension, verdict)

    def _check_creator(self, creator: bytes, envelope: Any) -> None:
        try:
            identity = self._bundle.msps.validate(creator)
        except errors.IdentityError as error:
            raise InvalidTransactionError(CODES.BAD_CREATOR_SIGNATURE, str(error)) from error
        if not identity.verify(envelope.payload, envelope.signature):
            raise InvalidTransactionError(CODES.BAD_CREATOR_SIGNATURE, "the creator's signature is not valid")

    def _check_ids(
        self,
        verdicts: list[EnvelopeVerdict],
        endorsed: dict[int, _EndorserTransaction],
        known: Callable[[list[str]], set[str]],
    ) -> None:
        used = known([verdicts[position].tx_id for position in endorsed])
        for position in list(endorsed):
            if verdicts[position].tx_id in used:
                verdicts[position].code = CODES.DUPLICATE_TXID
                verdicts[position].why = "its id is in an earlier block"
                del endorsed[position]

    def _check_endorsements(
        self, verdicts: list[EnvelopeVerdict], endorsed: dict[int, _EndorserTransaction], committed: CommittedState
    ) -> None:
        # If an earlier transaction of the block changes a key's policy, a later write of the key fails, even if the
        # earlier transaction has a conflict.
        changed: set[writepolicies.Place] = set()
        for position, found in endorsed.items():
            changing: list[writepolicies.Place] = []
            try:
                self._check_transaction(found, committed, changed, changing)
            except InvalidTransactionError as invalid:
                verdicts[position].code, verdicts[position].why = invalid.code, invalid.why
            changed.update(changing)

    def _check_transaction(
        self,
        found: _EndorserTransaction,
        committed: CommittedState,
        changed: set[writepolicies.Place],
        changing: list[writepolicies.Place],
    ) -> None:
        called = _action(found)
        sets: dict[str, rwsets.NamespaceRwset] = {}
        for rwset in found.verdict.rwset.namespaces if found.verdict.rwset is not None else ():
            if rwset.namespace in sets:
                raise InvalidTransactionError(
                    CODES.ILLEGAL_WRITESET, f"duplicate namespace '{rwset.namespace}' in txRWSet"
                )
            sets[rwset.namespace] = rwset
        endorsers = self._bundle.msps.signers(
            (
                msp.SignedData(found.response_payload + one.endorser, one.endorser, one.signature)
                for one in found.endorsements
            ),
            localmsp.made,
        )
        for name in writepolicies.judged(called, sets.values()):
            definition = None if name == lifecycle.NAMESPACE else self._definition_of(name, committed)
            policy = self._policies.chaincode(name, definition)
            if policy is None:
                raise InvalidTransactionError(CODES.INVALID_CHAINCODE, f"chaincode '{name}' is not defined")
            check = endorsement.NamespaceCheck(endorsers, self._policies, definition, policy)
            refused = check.refusal(sets.get(name), committed, changed)
            if refused is not None:
                raise InvalidTransactionError(CODES.ENDORSEMENT_POLICY_FAILURE, refused)
            if name in sets:
                changing.extend(writepolicies.regoverned(sets[name]))


def _headers(payload: Any, verdict: EnvelopeVerdict) -> tuple[Any, Any]:
    bad = CODES.BAD_COMMON_HEADER
    if not payload.HasField("header"):
        raise InvalidTransactionError(bad, "nil header")
    try:
        channel_header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        verdict.tx_id = channel_header.tx_id
        verdict.timestamp = channel_header.timestamp.SerializeToString()
        signature_header = common_pb2.SignatureHeader.FromString(payload.header.signature_header)
    except DecodeError as error:
        raise InvalidTransactionError(bad, "a header cannot be decoded") from error
    if channel_header.type not in (common_pb2.ENDORSER_TRANSACTION, common_pb2.CONFIG_UPDATE, common_pb2.CONFIG):
        raise InvalidTransactionError(bad, f"invalid header type {channel_header.type}")
    if channel_header.epoch != 0:
        raise InvalidTransactionError(bad, f"invalid Epoch in ChannelHeader. Expected 0, got [{channel_header.epoch}]")
    if not signature_header.nonce or not signature_header.creator:
        raise InvalidTransactionError(bad, "a nonce and a creator are required")
    return channel_header, signature_header


def _take_apart(payload: Any, header_extension: bytes, verdict: EnvelopeVerdict) -> _EndorserTransaction:
    malformed = CODES.INVALID_ENDORSER_TRANSACTION
    try:
        actions = transaction_pb2.Transaction.FromString(payload.data).actions
        if len(actions) != 1:
            raise InvalidTransactionError(
                malformed, f"only one action per transaction is supported, tx contains {len(actions)}"
            )
        own_header = common_pb2.SignatureHeader.FromString(actions[0].header)
        if not own_header.nonce or not own_header.creator:
            raise InvalidTransactionError(malformed, "the action's header has no nonce or creator")
        action_payload = transaction_pb2.ChaincodeActionPayload.FromString(actions[0].payload)
        response_payload = action_payload.action.proposal_response_payload
        response = proposal_response_pb2.ProposalResponsePayload.FromString(response_payload)
    except DecodeError as error:
        raise InvalidTransactionError(malformed, "the transaction cannot be decoded") from error
    if not action_payload.chaincode_proposal_payload:
        raise InvalidTransactionError(malformed, "nil arguments")
    proposal = payload.header.channel_header + actions[0].header + action_payload.chaincode_proposal_payload
    if hashlib.sha256(proposal).digest() != response.proposal_hash:
        raise InvalidTransactionError(malformed, "proposal hash does not match")
    return _EndorserTransaction(
        verdict, header_extension, response_payload, response, action_payload.action.endorsements
    )


def _action(found: _EndorserTransaction) -> str:
    """Check the call, and store its read-write set; return the chaincode's name."""
    try:
        called = proposal_pb2.ChaincodeHeaderExtension.FromString(found.header_extension)
    except DecodeError as error:
        raise InvalidTransactionError(CODES.BAD_HEADER_EXTENSION, "the header's extension cannot be decoded") from error
    if not found.response.extension:
        raise InvalidTransactionError(CODES.BAD_RESPONSE_PAYLOAD, "response payload is missing extension")
    try:
        action = proposal_pb2.ChaincodeAction.FromString(found.response.extension)
    except DecodeError as error:
        raise InvalidTransactionError(CODES.BAD_RESPONSE_PAYLOAD, "the chaincode action cannot be decoded") from error
    try:
        found.verdict.rwset = rwsets.decode(action.results)
    except errors.WireError as error:
        raise InvalidTransactionError(CODES.BAD_RWSET, str(error)) from error
    if not called.HasField("chaincode_id") or not action.HasField("chaincode_id"):
        raise InvalidTransactionError(CODES.INVALID_OTHER_REASON, "nil ChaincodeId")
    name: str = called.chaincode_id.name
    if not name or name != action.chaincode_id.name or not action.chaincode_id.version:
        raise InvalidTransactionError(
            CODES.INVALID_CHAINCODE, "the chaincode's name or version is missing or inconsistent"
        )
    if action.events:
        _check_event(action.events, name)
    return name


def _check_event(encoded: bytes, chaincode: str) -> None:
    other = CODES.INVALID_OTHER_REASON
    try:
        event = chaincode_event_pb2.ChaincodeEvent.FromString(encoded)
    except DecodeError as error:
        raise InvalidTransactionError(other, "invalid chaincode event") from error
    if event.chaincode_id != chaincode:
        raise InvalidTransactionError(
            other, "chaincode event chaincode id does not match chaincode action chaincode id"
        )


def _mark_repeated_ids(verdicts: list[EnvelopeVerdict], endorsed: dict[int, _EndorserTransaction]) -> None:
    seen: set[str] = set()
    for position in endorsed:
        verdict = verdicts[position]
        if verdict.valid:
            if verdict.tx_id in seen:
                verdict.code = CODES.DUPLICATE_TXID
                verdict.why = "its id stands earlier in the block"
            seen.add(verdict.tx_id)
