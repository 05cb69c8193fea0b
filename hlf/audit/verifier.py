"""Verifying a chain of blocks, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.peer import transaction_pb2

from hlf.audit import configuration, report, transactions
from hlf.audit.endorsements import Judge
from hlf.audit.report import Finding, Report
from hlf.audit.state import Replay, State
from hlf.audit.trust import Trust
from hlf.errors import ConfigError, WireError, validation_code_name
from hlf.wire import blocks, channelconfig, msp, signatures

_BLOCK_VALIDATION = "/Channel/Orderer/BlockValidation"


def verify(serialized: Iterable[bytes], *, trusted: bytes | None = None) -> Report:
    """
    What is wrong with a chain of blocks, given in order; see ``Report``.

    Blocks may be an orderer's or a peer's copies. A peer's validation codes and commit hashes are compared with what
    the replay arrives at.

    Args:
        trusted: a configuration block obtained otherwise. Where the chain holds a block of that number, it must be
            this one, and what comes before it is held by the hashes that lead to it. Where the chain begins later,
            this must be the configuration that its first block was made under.
    """
    verifier = Verifier(trusted=trusted)
    for block in serialized:
        if not verifier.add(block):
            break
    return verifier.report()


class Verifier:
    """Takes blocks one by one, in order; what it keeps is the channel's state and its transaction ids."""

    def __init__(self, *, trusted: bytes | None = None) -> None:
        """
        Begin a verification; see ``verify`` for *trusted*.

        Raises:
            WireError: *trusted* is no configuration block, or not whole.
            ConfigError: it holds no usable configuration.
        """
        self._trust = Trust.of(trusted) if trusted is not None else None
        self._anchored = False
        self._bundle: channelconfig.Bundle | None = None
        self._last_config = 0
        self._state: State | None = None
        self._ids: set[str] = set()
        self._first: int | None = None
        self._genesis_hash = ""
        self._previous: blocks.Block | None = None
        self._commit_hash = b""
        self._commit_hashes = 0
        self._codes: Counter[str] = Counter()
        self._blocks = 0
        self._findings: list[Finding] = []

    def add(self, serialized: bytes) -> bool:
        """Verify the next block; False if nothing after it can be verified."""
        number = self._previous.number + 1 if self._previous is not None else None
        try:
            block = blocks.decode(serialized)
        except WireError as malformed:
            self._findings.append(Finding(number, report.FORM, str(malformed)))
            return False
        if self._previous is None and not self._begin(block):
            return False
        self._check_chain(block)
        trusted = self._check_trust(block)
        bundle = self._bundle
        if bundle is not None:
            if block.number > 0:
                self._check_orderers(block, bundle)
            self._check_transactions(block, bundle)
            self._take_configuration(block, bundle)
        else:
            self._codes["NOT_JUDGED"] += len(block.transactions)
            if trusted is not None:
                self._bundle, self._last_config = trusted.bundle, trusted.number
        self._previous = block
        self._blocks += 1
        return True

    def report(self) -> Report:
        """What was found so far."""
        findings = tuple(self._findings)
        if self._trust is not None and not self._anchored and self._previous is not None and not findings:
            words = f"the trusted block {self._trust.number} is not among the blocks, so nothing ties them to it"
            findings = (Finding(self._previous.number, report.UNANCHORED, words),)
        return Report(
            channel_id=self._bundle.channel_id if self._bundle is not None else "",
            first_block=self._first,
            last_block=self._previous.number if self._previous is not None else None,
            complete=self._state is not None,
            genesis_hash=self._genesis_hash,
            last_hash=self._previous.hash.hex() if self._previous is not None else "",
            blocks=self._blocks,
            transactions=sum(self._codes.values()),
            commit_hashes=self._commit_hashes,
            state_hash=self._commit_hash.hex() if self._state is not None else "",
            anchored=self._anchored,
            codes=dict(self._codes),
            findings=findings,
        )

    def _begin(self, block: blocks.Block) -> bool:
        """Find what the first block is judged by."""
        self._first = block.number
        if block.number > 0:
            return self._begin_later(block)
        try:
            self._bundle = channelconfig.Bundle.from_envelope(_first_envelope(block))
        except (WireError, ConfigError) as unusable:
            self._find(block, report.CONFIG, f"the genesis block cannot be used: {unusable}")
            return False
        self._genesis_hash = block.hash.hex()
        self._state = State()
        return True

    def _begin_later(self, block: blocks.Block) -> bool:
        if self._trust is None:
            words = f"the chain begins with block {block.number}, and there is no configuration to judge it by: "
            words += "begin with block 0, or give the last configuration block before it"
            self._find(block, report.UNANCHORED, words)
            return False
        if self._trust.number < block.number:
            refused = self._trust.refusal(block)
            if refused is not None:
                self._find(block, report.TRUST, refused)
                return False
            self._anchored = True
            self._bundle, self._last_config = self._trust.bundle, self._trust.number
        return True

    def _check_trust(self, block: blocks.Block) -> Trust | None:
        """The trusted block, if this is it."""
        if self._trust is None or self._trust.number != block.number:
            return None
        if self._trust.hash != block.hash:
            self._find(block, report.TRUST, f"block {block.number} is not the trusted one")
            return None
        self._anchored = True
        return self._trust

    def _check_chain(self, block: blocks.Block) -> None:
        if block.data_hash != block.computed_data_hash:
            self._find(block, report.DATA_HASH, "the data hash in the header is not that of the data")
        if block.number == 0 and block.previous_hash:
            self._find(block, report.CHAIN, "block 0 has a previous hash")
        if self._previous is None:
            return
        if block.number != self._previous.number + 1:
            self._find(block, report.CHAIN, f"it follows block {self._previous.number}")
        if block.previous_hash != self._previous.hash:
            self._find(block, report.CHAIN, f"its previous hash is not that of block {self._previous.number}")

    def _check_orderers(self, block: blocks.Block, bundle: channelconfig.Bundle) -> None:
        consenters = {c.id: c for c in bundle.ordering.consenters} if bundle.ordering is not None else {}
        signed = []
        for signature in block.signatures:
            creator = signature.creator
            if signature.identifier is not None:
                consenter = consenters.get(signature.identifier)
                if consenter is None:
                    continue
                creator = signatures.serialized_identity(consenter.msp_id, consenter.identity)
            signed.append(msp.Signed(signature.signed, creator, signature.signature))
        refused = bundle.refusal(_BLOCK_VALIDATION, signed)
        if refused is not None:
            words = f"{len(block.signatures)} signatures of orderers are not enough: {refused}"
            self._find(block, report.ORDERER_SIGNATURE, words)
        expected = block.number if block.is_configuration else self._last_config
        if block.last_config is not None and block.last_config != expected:
            words = f"it names block {block.last_config} as the last configuration, which is block {expected}"
            self._find(block, report.LAST_CONFIG, words)

    def _check_transactions(self, block: blocks.Block, bundle: channelconfig.Bundle) -> None:
        state = self._state
        judge = Judge(bundle, state) if state is not None else None
        verdicts = transactions.verdicts(block, bundle, judge, self._ids)
        replay = Replay(state if state is not None else State(), block.number)
        for transaction, verdict in zip(block.transactions, verdicts, strict=True):
            if state is not None and verdict.rwset is not None and verdict.code == transaction_pb2.VALID:
                verdict.code = replay.conflict(verdict.rwset)
                if verdict.code == transaction_pb2.VALID:
                    replay.add(verdict.rwset, transaction.index)
            self._compare(block, transaction, verdict, complete=state is not None)
        self._ids.update(t.transaction_id for t in block.transactions if t.transaction_id)
        if state is not None and judge is not None:
            self._check_commit_hash(block, verdicts, replay)
            state.commit(block.number, replay, lambda name, collection: _block_to_live(judge, name, collection))

    def _compare(
        self, block: blocks.Block, transaction: blocks.Transaction, verdict: transactions.Verdict, *, complete: bool
    ) -> None:
        told = transaction.code
        name = validation_code_name(verdict.code) if verdict.code is not None else "MALFORMED"
        self._codes[name] += 1
        if told is None:
            return
        if verdict.code is None:
            agrees = told != transaction_pb2.VALID
        elif complete:
            agrees = told == verdict.code
        else:
            # Without the state before, only that a transaction must not be valid can be known.
            agrees = told != transaction_pb2.VALID or verdict.code == transaction_pb2.VALID
        if not agrees:
            words = f"marked {validation_code_name(told)}, but it is {name}"
            words += f": {verdict.words}" if verdict.words else ""
            self._find(block, report.VALIDATION_CODE, words, transaction)

    def _check_commit_hash(self, block: blocks.Block, verdicts: list[transactions.Verdict], replay: Replay) -> None:
        if block.number == 0:
            return
        # A malformed transaction has one of several codes; which one is taken over from the block.
        codes = [
            verdict.code if verdict.code is not None else transaction.code or 0
            for verdict, transaction in zip(verdicts, block.transactions, strict=True)
        ]
        self._commit_hash = blocks.commit_hash(bytes(codes), replay.updates(), self._commit_hash)
        if block.commit_hash is None:
            return
        if block.commit_hash == self._commit_hash:
            self._commit_hashes += 1
        else:
            self._find(block, report.COMMIT_HASH, "the peer's hash of its state is not that of the replayed state")
            # One difference is one finding: the blocks after it are judged by what they add.
            self._commit_hash = block.commit_hash

    def _take_configuration(self, block: blocks.Block, bundle: channelconfig.Bundle) -> None:
        if block.number == 0 or not block.is_configuration:
            return
        (transaction,) = block.transactions
        envelope = configtx_pb2.ConfigEnvelope.FromString(transaction.config or b"")
        refused = configuration.refusal(bundle, envelope)
        if refused is not None:
            self._find(block, report.CONFIG, f"the configuration does not follow from the one before: {refused}")
        try:
            self._bundle = channelconfig.Bundle(bundle.channel_id, envelope.config)
        except ConfigError as unusable:
            self._find(block, report.CONFIG, f"the configuration cannot be used: {unusable}")
        self._last_config = block.number

    def _find(self, block: blocks.Block, rule: str, words: str, transaction: blocks.Transaction | None = None) -> None:
        index = transaction.index if transaction is not None else None
        transaction_id = transaction.transaction_id if transaction is not None else ""
        self._findings.append(Finding(block.number, rule, words, index, transaction_id))


def _first_envelope(block: blocks.Block) -> object:
    if not block.is_configuration:
        raise WireError("it holds no configuration")
    return common_pb2.Envelope.FromString(block.transactions[0].envelope)


def _block_to_live(judge: Judge, namespace: str, collection: str) -> int:
    defined = judge.definition(namespace)
    return defined.block_to_live(collection) if defined is not None else 0
