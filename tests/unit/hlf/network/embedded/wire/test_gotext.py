"""Messages as Go prints them in Fabric's refusals."""

from __future__ import annotations

import pytest
from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2
from fabric_protos.peer import proposal_response_pb2

from hlf.network.engines.embedded.wire import gotext


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("plain", '"plain"'),
        ('it\'s "so" \\', '"it\'s \\"so\\" \\\\"'),
        ("a\tb\r\n", '"a\\tb\\r\\n"'),
        (b"\x00\x07\x1f\x7f", '"\\x00\\x07\\x1f\\x7f"'),
        (b"\xff\xc3", '"\\xff\\xc3"'),
        ("\x80\x9f", '"\\u0080\\u009f"'),
        ("Sélat 海峡", '"Sélat 海峡"'),
    ],
)
def test_what_cannot_be_shown_is_escaped(text, quoted):
    """Control characters and bytes that are no UTF-8; the rest stands as it is (Go's ``prototext``)."""
    assert gotext.quoted(text) == quoted


def test_a_message_is_its_fields_in_a_line():
    """Defaults are left out, what is repeated is repeated, enums go by their names if they have one."""
    policy = policies_pb2.SignaturePolicyEnvelope(
        rule=policies_pb2.SignaturePolicy(signed_by=0),
        identities=[
            msp_principal_pb2.MSPPrincipal(principal_classification=2, principal=b"\n\x01A"),
            msp_principal_pb2.MSPPrincipal(principal_classification=77),
        ],
    )
    call = proposal_response_pb2.ChaincodeCall(
        name="cc", collection_names=["a", "b"], key_policies=[policy], disregard_namespace_policy=True
    )
    assert gotext.printed(call) == (
        'name:"cc" collection_names:"a" collection_names:"b" key_policies:{rule:{signed_by:0} '
        'identities:{principal_classification:IDENTITY principal:"\\n\\x01A"} '
        "identities:{principal_classification:77}} disregard_namespace_policy:true"
    )
    assert gotext.printed(proposal_response_pb2.ChaincodeCall()) == ""
