"""The same closed loop on bare gRPC stubs: what the protocol costs in Python when nothing else is done."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

import grpc
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2, gateway_pb2_grpc
from fabric_protos.msp import identities_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2
from google.protobuf import timestamp_pb2

from benchmarks.callers import loop
from hlf import profile

CHANNEL = "bench"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def main() -> None:
    """Run what the arguments ask for."""
    profile_file, user, msp_id, mode, callers, seconds = sys.argv[1:]
    endpoint = profile.Profile.load(Path(profile_file)).gateway
    key = serialization.load_pem_private_key((Path(user) / "key.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    creator = identities_pb2.SerializedIdentity(
        mspid=msp_id, id_bytes=(Path(user) / "cert.pem").read_bytes()
    ).SerializeToString()
    channel = grpc.secure_channel(
        endpoint.address,
        grpc.ssl_channel_credentials(endpoint.tls_ca_pem),
        [("grpc.ssl_target_name_override", endpoint.override_hostname)],
    )
    stub = gateway_pb2_grpc.GatewayStub(channel)

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return encode_dss_signature(r, min(s, ORDER - s))

    def proposed(
        chaincode: str, args: list[bytes], transient: dict[str, bytes]
    ) -> tuple[str, proposal_pb2.SignedProposal]:
        nonce = os.urandom(24)
        transaction_id = hashlib.sha256(nonce + creator).hexdigest()
        now = time.time_ns()
        named = chaincode_pb2.ChaincodeID(name=chaincode)
        header = common_pb2.Header(
            channel_header=common_pb2.ChannelHeader(
                type=common_pb2.ENDORSER_TRANSACTION,
                timestamp=timestamp_pb2.Timestamp(seconds=now // 10**9, nanos=now % 10**9),
                channel_id=CHANNEL,
                tx_id=transaction_id,
                extension=proposal_pb2.ChaincodeHeaderExtension(chaincode_id=named).SerializeToString(),
            ).SerializeToString(),
            signature_header=common_pb2.SignatureHeader(creator=creator, nonce=nonce).SerializeToString(),
        )
        spec = chaincode_pb2.ChaincodeSpec(
            type=chaincode_pb2.ChaincodeSpec.NODE, chaincode_id=named, input=chaincode_pb2.ChaincodeInput(args=args)
        )
        payload = proposal_pb2.ChaincodeProposalPayload(
            input=chaincode_pb2.ChaincodeInvocationSpec(chaincode_spec=spec).SerializeToString(), TransientMap=transient
        )
        serialized = proposal_pb2.Proposal(
            header=header.SerializeToString(), payload=payload.SerializeToString()
        ).SerializeToString()
        return transaction_id, proposal_pb2.SignedProposal(proposal_bytes=serialized, signature=sign(serialized))

    def evaluate(number: int) -> None:
        transaction_id, signed = proposed("one", [b"get", b"warm"], {})
        request = gateway_pb2.EvaluateRequest(
            transaction_id=transaction_id, channel_id=CHANNEL, proposed_transaction=signed
        )
        stub.Evaluate(request, timeout=30)

    def submit(chaincode: str, args: list[bytes], transient: dict[str, bytes]) -> None:
        transaction_id, signed = proposed(chaincode, args, transient)
        endorsed = stub.Endorse(
            gateway_pb2.EndorseRequest(transaction_id=transaction_id, channel_id=CHANNEL, proposed_transaction=signed),
            timeout=30,
        ).prepared_transaction
        endorsed.signature = sign(endorsed.payload)
        stub.Submit(
            gateway_pb2.SubmitRequest(transaction_id=transaction_id, channel_id=CHANNEL, prepared_transaction=endorsed),
            timeout=30,
        )
        request = gateway_pb2.CommitStatusRequest(
            transaction_id=transaction_id, channel_id=CHANNEL, identity=creator
        ).SerializeToString()
        signed_request = gateway_pb2.SignedCommitStatusRequest(request=request, signature=sign(request))
        code = stub.CommitStatus(signed_request, timeout=60).result
        if code:
            raise RuntimeError(f"validation code {code}")

    own = f"_implicit_org_{msp_id}".encode()
    calls: dict[str, loop.Call] = {
        "evaluate": evaluate,
        "submit": lambda number: submit("one", [b"put", b"key-%d" % number, b"v" * 64], {}),
        "submit2": lambda number: submit("majority", [b"put", b"key-%d" % number, b"v" * 64], {}),
        "private": lambda number: submit("one", [b"putpvt", own], {"key": b"key-%d" % number, "value": b"v" * 64}),
    }
    loop.run(calls[mode], int(callers), float(seconds))


if __name__ == "__main__":
    main()
