"""
Administration of Fabric networks: what an organisation's admin does, over Fabric's own interfaces.

::

    endpoint = Profile.load("profile.json").gateway
    admin, signer = identity.load_user(Path("users/Admin"), "AMSP")
    with Peer(endpoint, admin, signer) as peer:
        peer.join(genesis_block)
        package_id = lifecycle.install(peer, packages.ccaas("asset_1.0", "127.0.0.1:9999"))
        definition = lifecycle.Definition("asset", endorsement="OR('AMSP.peer', 'BMSP.peer')")
        lifecycle.approve(peer, "mychannel", definition, package_id)
        lifecycle.commit(peer, "mychannel", definition, endorsers=[peer, other_peer])

====================  ==============================================================================
``peer``              system chaincodes of a peer, joining channels, transactions with named endorsers
``orderer``           blocks from an orderer, envelopes to it
``participation``     an orderer's REST interface: list, join, leave channels
``authority``         a Fabric CA's REST interface: information, enrolments and their renewal
``enrollment``        requests for certificates, the resulting identities, and their folder
``registrar``         a Fabric CA's registrar: registrations, affiliations, revocations, certificates
``lifecycle``         install, approve, readiness, commit, and queries of each
``channel``           configuration blocks read, configurations changed by several admins' signatures
``snapshots``         snapshots of a channel at a peer: request, cancel, list, join
``discovery``         the other peers of a channel that a peer knows
====================  ==============================================================================

Failures are subclasses of :class:`hlf.errors.AdminError`, with the node that
answered, its status and its message.
"""
