"""Judging the blocks of a chain, one after the other."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.peer import transaction_pb2

from hlf.audit.replay import blocksigners, configuration, links, report, transactions, unsigned
from hlf.audit.replay.commithash import CommitHash
from hlf.audit.replay.disputes import Disputes
from hlf.audit.replay.endorsements import EndorsementChecker, EndorsementRules
from hlf.audit.replay.notes import Cause, Notes
from hlf.audit.replay.report import Finding, InvalidTransaction, Report, Share
from hlf.audit.replay.state import Replay, ReplayedState
from hlf.audit.replay.store import TransactionIds
from hlf.audit.replay.transactions import TransactionVerdict
from hlf.audit.replay.trust import Trust
from hlf.audit.signatures.checkingahead import LookaheadChecker
from hlf.audit.signatures.signing import SignedBlock
from hlf.errors import ConfigError, WireError, validation_code_name
from hlf.wire import blocks
from hlf.wire.config import channelconfig


class UnreadableBlockError(Exception):  # noqa: N818 - of what others made, not a failure of the program.
    """The next bytes of a chain are not a block that a peer accepts; the text says why."""


class Verifier:
    """Takes blocks one by one, in order; it keeps the channel's state and transaction ids."""

    def __init__(
        self,
        *,
        trusted: bytes | None = None,
        watch: Callable[[blocks.Block, blocks.BlockTransaction, bool], object] | None = None,
    ) -> None:
        """
        Begin a verification; see ``verification.verify`` for *trusted*.

        Args:
            watch: called with each transaction that was judged, in order, and whether it is valid. If the chain
                was not replayed from its genesis block, the exporting peer says so, unless this is impossible.

        Raises:
            WireError: *trusted* is no configuration block, or not whole.
            ConfigError: it holds no usable configuration.
        """
        self._trust = Trust.of(trusted) if trusted is not None else None
        self._watch = watch
        self._anchored = False
        self._rules: EndorsementRules | None = None
        self._last_config = 0
        self._state: ReplayedState | None = None
        self._ids = TransactionIds()
        self._first: int | None = None
        self._genesis_hash = ""
        self._previous: blocks.Block | None = None
        self._commit_hash = CommitHash()
        self._codes: Counter[str] = Counter()
        self._blocks = 0
        self._notes = Notes()
        self._have: Counter[str] = Counter()
        self._should: Counter[str] = Counter()
        self._aside: deque[unsigned.UnsignedParts] = deque()
        self._here = LookaheadChecker(0)
        # The finding in the header of the block before, and the one that made the state uncertain.
        self._header_cause: Cause | None = None
        self._state_cause: Cause | None = None
        self._disputes = Disputes()

    def add(self, serialized: bytes) -> bool:
        """Verify the next block; return False if nothing after it can be verified."""
        try:
            (block,) = self.read([serialized])
        except UnreadableBlockError as malformed:
            self.refuse(malformed)
            return False
        return self.take(self._here.check(block, self.orderers(block)))

    def read(self, serialized: Iterable[bytes]) -> Iterator[blocks.Block]:
        """
        Yield the blocks in these bytes; give each to ``take`` next.

        Raises:
            UnreadableBlockError: the next one is no block that a peer takes.
        """
        for each in serialized:
            try:
                block, aside = unsigned.read(each)
            except WireError as malformed:
                raise UnreadableBlockError(str(malformed)) from malformed
            self._aside.append(aside)
            yield block

    def orderers(self, block: blocks.Block) -> Sequence[bytes]:
        """Return the identities of the block's own signatures, as far as they are known by now."""
        return blocksigners.identities(block, self._rules.bundle if self._rules is not None else None)

    def take(self, signed: SignedBlock) -> bool:
        """Verify the next block, whose signatures were checked; return False if nothing after it can be verified."""
        block, aside = signed.block, self._aside.popleft()
        if self._previous is None and not self._begin(block):
            return False
        self._note_unsigned(block, aside)
        cause, intact = self._check_header(block)
        trusted = self._check_trust(block)
        if self._rules is None:
            self._codes["NOT_JUDGED"] += len(block.transactions)
            if trusted is not None:
                self._rules, self._last_config = EndorsementRules(trusted.bundle), trusted.number
        elif not self._judge(signed, self._rules, cause, intact):
            return False
        self._previous = block
        self._blocks += 1
        return True

    def refuse(self, malformed: UnreadableBlockError) -> None:
        """Note that the next bytes are no block; nothing after them can be verified."""
        number = self._previous.number + 1 if self._previous is not None else None
        self._notes.find(Finding(number, report.FORM, str(malformed)))

    def private_hash(self, namespace: str, collection: str, key_hash: bytes) -> bytes | None:
        """Return the hash of the value that a private key has after the last block; None if it has none."""
        held = self._state.get((namespace, collection, key_hash)) if self._state is not None else None
        return held.value if held is not None else None

    def report(self) -> Report:
        """Return the report so far."""
        findings = self._notes.findings
        if self._trust is not None and not self._anchored and self._previous is not None and not findings:
            words = f"the trusted block {self._trust.number} is not among the blocks, so nothing ties them to it"
            findings = (Finding(self._previous.number, report.UNANCHORED, words),)
        complete = self._state is not None
        return Report(
            channel_id=self._rules.bundle.channel_id if self._rules is not None else "",
            first_block=self._first,
            last_block=self._previous.number if self._previous is not None else None,
            complete=complete,
            genesis_hash=self._genesis_hash,
            last_hash=self._previous.hash.hex() if self._previous is not None else "",
            blocks=self._blocks,
            transactions=sum(self._codes.values()),
            commit_hashes=self._commit_hash.compared,
            state_hash=self._commit_hash.value.hex() if complete and self._commit_hash.known else "",
            anchored=self._anchored,
            codes=dict(self._codes),
            findings=findings,
            more_findings=self._notes.more_findings,
            unsigned={part: Share(self._have[part], of) for part, of in sorted(self._should.items())},
            remarks=self._notes.remarks,
            more_remarks=self._notes.more_remarks,
            invalid=self._notes.invalid,
        )

    # The links between blocks.

    def _begin(self, block: blocks.Block) -> bool:
        """Find the configuration that the first block is judged by; return False if there is none."""
        self._first = block.number
        if block.number > 0:
            return self._begin_later(block)
        try:
            if not block.is_configuration:
                raise WireError("it holds no configuration")
            bundle = channelconfig.Bundle.from_envelope(common_pb2.Envelope.FromString(block.transactions[0].envelope))
        except (WireError, ConfigError) as unusable:
            self._find(block, report.CONFIG, f"the genesis block cannot be used: {unusable}")
            return False
        self._rules = EndorsementRules(bundle)
        self._genesis_hash = block.hash.hex()
        self._state = ReplayedState()
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
            self._rules, self._last_config = EndorsementRules(self._trust.bundle), self._trust.number
        return True

    def _check_trust(self, block: blocks.Block) -> Trust | None:
        """Return the trusted block, if this is it."""
        if self._trust is None or self._trust.number != block.number:
            return None
        if self._trust.hash != block.hash:
            self._find(block, report.TRUST, f"block {block.number} is not the trusted one")
            return None
        self._anchored = True
        return self._trust

    def _check_header(self, block: blocks.Block) -> tuple[Cause | None, bool]:
        """
        Return the fault of the header (one cause), and whether the transactions are those that were ordered.
        """
        before, self._header_cause = self._header_cause, None
        cause = None
        intact = True
        bundle = self._rules.bundle if self._rules is not None else None
        for fault in links.faults(block, self._previous, bundle):
            if cause is None and fault.of_block_before:
                cause = before
            cause = self._find(block, fault.rule, fault.words, cause=cause)
            intact = intact and not fault.foreign
            if fault.loses_state and self._state is not None:
                self._state, self._state_cause = None, cause
        self._header_cause = cause
        return cause, intact

    def _judge(self, signed: SignedBlock, rules: EndorsementRules, cause: Cause | None, intact: bool) -> bool:  # noqa: FBT001
        """Judge a block under the configuration before it; return False if nothing after it can be judged."""
        block = signed.block
        if block.number > 0:
            cause = self._check_orderers(signed, rules.bundle, cause)
            self._header_cause = cause
        if not intact:
            # Somebody changed the transactions after the orderers signed them, so their verdicts would mean nothing.
            self._codes["NOT_JUDGED"] += len(block.transactions)
            return not (block.is_configuration or block.last_config == block.number)
        if block.last_config not in (None, self._last_config, block.number) and self._state is None and cause:
            # The missing blocks had a configuration.
            return False
        self._check_transactions(signed, rules)
        self._take_configuration(block, rules.bundle)
        return True

    def _check_orderers(self, signed: SignedBlock, bundle: channelconfig.Bundle, cause: Cause | None) -> Cause | None:
        block = signed.block
        refused, idle = blocksigners.refusal(signed, bundle)
        if refused is not None:
            words = f"{len(block.signatures)} signatures of orderers are not enough: {refused}"
            cause = self._find(block, report.ORDERER_SIGNATURE, words, cause=cause)
        for words in idle if refused is None else ():
            self._notes.remark(Finding(block.number, report.UNSIGNED, words))
        expected = block.number if block.is_configuration else self._last_config
        if block.last_config is not None and block.last_config != expected:
            words = f"it names block {block.last_config} as the last configuration, which is block {expected}"
            cause = self._find(block, report.LAST_CONFIG, words, cause=cause)
        return cause

    # The verdicts on transactions.

    def _check_transactions(self, signed: SignedBlock, rules: EndorsementRules) -> None:
        block, state = signed.block, self._state
        judge = EndorsementChecker(rules, state) if state is not None else None
        verdicts = transactions.verdicts(signed, rules, judge, self._ids)
        replay = Replay(state if state is not None else ReplayedState(), block.number)
        cause: Cause | None = None
        for transaction, verdict in zip(block.transactions, verdicts, strict=True):
            if state is not None and verdict.rwset is not None and verdict.valid:
                verdict.codes = (replay.conflict(verdict.rwset),)
                if verdict.valid:
                    replay.add(verdict.rwset, transaction.index)
            cause = self._compare(block, transaction, verdict) or cause
            if self._watch is not None:
                self._watch(block, transaction, verdict.valid and (state is not None or transaction.valid))
        self._ids.update(t.transaction_id for t in block.transactions if t.transaction_id)
        if state is not None and judge is not None:
            self._check_commit_hash(block, verdicts, replay, cause)
            state.commit(block.number, replay, judge.block_to_live)

    def _compare(
        self, block: blocks.Block, transaction: blocks.BlockTransaction, verdict: TransactionVerdict
    ) -> Cause | None:
        marked = transaction.code
        if verdict.valid and not marked:
            # Nearly all are valid, and marked so or not at all.
            self._codes["VALID"] += 1
            return None
        name = validation_code_name(verdict.codes[0]) if verdict.codes else "MALFORMED"
        self._codes[name] += 1
        if not verdict.valid:
            found = InvalidTransaction(block.number, transaction.index, transaction.transaction_id, name, verdict.words)
            self._notes.list_invalid(found)
        if marked is None:
            return None
        if self._state is not None:
            agrees = verdict.allows(marked)
        else:
            # Without the state before the block, the verifier only knows that some transactions cannot be valid.
            agrees = marked != transaction_pb2.VALID or verdict.valid
        if agrees:
            return None
        words = f"marked {validation_code_name(marked)}, but it is {name}"
        words += f": {verdict.words}" if verdict.words else ""
        cause = self._disputes.cause(verdict.rwset)
        cause = self._find(block, report.VALIDATION_CODE, words, transaction, cause=cause)
        self._disputes.add(verdict.rwset, cause)
        self._state_cause = self._state_cause or cause
        return cause

    def _check_commit_hash(
        self, block: blocks.Block, verdicts: list[TransactionVerdict], replay: Replay, cause: Cause | None
    ) -> None:
        if block.number > 0 and not self._commit_hash.follows(block, verdicts, replay):
            words = "the peer's hash of its state is not that of the replayed state"
            cause = self._find(block, report.COMMIT_HASH, words, cause=cause or self._state_cause)
            self._state_cause = self._state_cause or cause

    def _take_configuration(self, block: blocks.Block, bundle: channelconfig.Bundle) -> None:
        if block.number == 0 or not block.is_configuration:
            return
        envelope = configtx_pb2.ConfigEnvelope.FromString(block.transactions[0].config or b"")
        refused = configuration.refusal(bundle, envelope)
        cause = None
        if refused is not None:
            words = f"the configuration does not follow from the one before: {refused}"
            cause = self._find(block, report.CONFIG, words)
        try:
            self._rules = EndorsementRules(channelconfig.Bundle(bundle.channel_id, envelope.config))
        except ConfigError as unusable:
            self._find(block, report.CONFIG, f"the configuration cannot be used: {unusable}", cause=cause)
        self._last_config = block.number

    # The report.

    def _note_unsigned(self, block: blocks.Block, aside: unsigned.UnsignedParts) -> None:
        for part, present in aside.parts.items():
            self._should[part] += 1
            self._have[part] += present
        for words in aside.remarks:
            self._notes.remark(Finding(block.number, report.UNSIGNED, words))

    def _find(
        self,
        block: blocks.Block,
        rule: str,
        words: str,
        transaction: blocks.BlockTransaction | None = None,
        *,
        cause: Cause | None = None,
    ) -> Cause:
        index = transaction.index if transaction is not None else None
        transaction_id = transaction.transaction_id if transaction is not None else ""
        return self._notes.find(Finding(block.number, rule, words, index, transaction_id), cause)
