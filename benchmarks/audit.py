"""Verifying an export, against the bare signature checks that it cannot do without."""

from __future__ import annotations

import json
import multiprocessing
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.figures import Figure, Line
from benchmarks.processes import peak
from hlf import audit as verifier
from hlf.audit.signatures import checkingahead
from hlf.wire import blocks, rwsets, signatures
from hlf.wire.keys import LIFECYCLE
from hlf.wire.rwsets import Version
from tests.support.members import Consortium, Definition
from tests.unit.hlf.chain import Chain

FEW, MANY = 20_000, 100_000
ROUNDS = 5
_PER_BLOCK = 100
_SAMPLE = 2_000
_SHARED_KEYS = 500
_ALGORITHM = ec.ECDSA(hashes.SHA256())
# A name, how many programs do the bare verifications at once, and in how many the verifier checks beside its own.
_WAYS = (("one process", 1, 0), ("all cores", checkingahead.cores(), checkingahead.cores()))

# A key, a signature and what was signed.
Checks = list[tuple[ec.EllipticCurvePublicKey, bytes, bytes]]


def audit(_: str) -> Iterator[Line]:
    """
    Measure processor time a transaction and memory of ``hlf.audit.verify``; no network is needed.

    Each transaction has a creator and two endorsers, reads its chaincode's definition and a key, and writes a key,
    every second one a new one; a hundred make a block.
    """
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        chain = Path(folder)
        checks = _make(chain, MANY)
        few = [chain / f"{number:010d}.block" for number in range(FEW // _PER_BLOCK)]
        rounds = []
        for _round in range(ROUNDS):
            rounds.append([(_bare(checks, at_once), _run(few, checking)) for _name, at_once, checking in _WAYS])
        for (name, _at_once, _checking), measured in zip(_WAYS, zip(*rounds, strict=True), strict=True):
            bare = [seconds for seconds, _run_of in measured]
            spent = [run["processor"] / FEW for _seconds, run in measured]
            ratios = [ours / theirs for ours, theirs in zip(spent, bare, strict=True)]
            yield _median(f"audit, {name}: bare verifications", [each * 1e6 for each in bare], "us a transaction")
            yield _median(f"audit, {name}: processor", [each * 1e6 for each in spent], "us a transaction")
            yield _median(f"audit, {name} to bare verifications", ratios, "times", "at most 1.5")
        many = _run(sorted(chain.glob("*.block")), checkingahead.cores())
        bound = "at most 60" if checkingahead.cores() == 2 else ""
        yield Figure(f"audit, {MANY} transactions on {checkingahead.cores()} cores", many["seconds"], "s", bound)
        peaks = [run["peak"] / (1 << 20) for run in (rounds[-1][-1][1], many)]
        yield Figure(f"audit, memory for {FEW} transactions", peaks[0], "MiB")
        yield Figure(f"audit, memory for {MANY} transactions", peaks[1], "MiB")


def _median(name: str, values: list[float], unit: str, bound: str = "") -> Figure:
    return Figure(name, statistics.median(values), unit, bound, (min(values), max(values)))


def _make(folder: Path, count: int) -> Checks:
    """Write a chain of so many transactions; return the signature checks of the first ones."""
    made = Chain(Consortium(("AMSP", "BMSP", "CMSP")))
    made.add(made.consortium.define(Definition("cc")))
    chance = random.Random(1)  # noqa: S311 - keys of a benchmark.
    last: dict[str, Version] = {}
    checks: Checks = []
    known: dict[bytes, ec.EllipticCurvePublicKey] = {}
    number = 0
    while number < count - len(made.blocks):
        keys = chance.sample([f"shared{each}" for each in range(_SHARED_KEYS)], _PER_BLOCK // 2)
        keys += [f"new{number}-{each}" for each in range(_PER_BLOCK - len(keys))]
        block = made.add(*(_transaction(made.consortium, key, last.get(key)) for key in keys))
        last.update((key, Version(block.header.number, at)) for at, key in enumerate(keys))
        number += len(keys)
        if len(checks) < 3 * _SAMPLE:
            checks += _checks(block, known)
    for each in made.serialized:
        verifier.write_block(folder, each)
    return checks


def _transaction(consortium: Consortium, key: str, version: Version | None) -> bytes:
    definition = rwsets.Read("namespaces/fields/cc/Sequence", Version(1, 0))
    parts = (
        rwsets.NamespaceRwset(LIFECYCLE, reads=(definition,)),
        rwsets.NamespaceRwset("cc", reads=(rwsets.Read(key, version),), writes=(rwsets.Write(key, b"value" * 40),)),
    )
    return consortium.transaction(rwsets.TxRwset(parts), ["AMSP", "BMSP"], event=b"e" * 50).raw


def _checks(
    message: object, known: dict[bytes, ec.EllipticCurvePublicKey]
) -> Iterator[tuple[ec.EllipticCurvePublicKey, bytes, bytes]]:
    def key(identity: bytes) -> ec.EllipticCurvePublicKey:
        if identity not in known:
            certificate = x509.load_pem_x509_certificate(signatures.parse_identity(identity)[1])
            public = certificate.public_key()
            assert isinstance(public, ec.EllipticCurvePublicKey)
            known[identity] = public
        return known[identity]

    for transaction in blocks.from_message(message).transactions:
        yield key(transaction.creator), transaction.signature, transaction.payload
        for action in transaction.actions:
            for each in action.endorsements:
                yield key(each.endorser), each.signature, action.response_payload + each.endorser


def _bare(checks: Checks, at_once: int) -> float:
    """
    Return the seconds of processor time a transaction for nothing but its three verifications.

    So many programs verify *at_once*, each of them all: a core takes longer for the same work while others are busy.
    """
    # Forked, since keys cannot be sent to a program; nothing but verifying happens there.
    context = multiprocessing.get_context("fork")
    spent = context.SimpleQueue()
    programs = [context.Process(target=lambda: spent.put(_verified(checks))) for _ in range(at_once)]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
        if program.exitcode:
            raise SystemExit("a verification failed")
    return statistics.mean([float(spent.get()) for _ in programs])


def _verified(checks: Checks) -> float:
    began = time.process_time()
    for key, signature, message in checks:
        key.verify(signature, message, _ALGORITHM)
    return (time.process_time() - began) / (len(checks) / 3)


def _run(paths: list[Path], processes: int) -> dict[str, float]:
    """Verify in a process of its own; return what it took."""
    command = [sys.executable, "-m", __name__, str(processes)]
    done = subprocess.run(command, input="\n".join(map(str, paths)), capture_output=True, text=True, check=True)  # noqa: S603
    return dict(json.loads(done.stdout))


def _spent() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _measure(processes: int) -> dict[str, float]:
    paths = [Path(line) for line in sys.stdin.read().splitlines()]
    before, began = _spent(), time.perf_counter()
    report = verifier.verify(verifier.read_blocks(*paths), processes=processes)
    seconds = time.perf_counter() - began
    if not report.ok:
        raise SystemExit(str(report.findings[0]))
    return {"seconds": seconds, "processor": _spent() - before, "peak": peak()}


if __name__ == "__main__":
    print(json.dumps(_measure(int(sys.argv[1]))))
