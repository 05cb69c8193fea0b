"""
Administration of Fabric networks: what an organisation's admin does, over Fabric's own interfaces.

::

    endpoint = Profile.load("profile.json").gateway
    admin, signer = identity.load_user(Path("users/Admin"), "AMSP")
    with Peer(endpoint, admin, signer) as peer:
        peer.join(genesis_block)
        package_id = lifecycle.install(peer, packages.ccaas("asset_1.0", "127.0.0.1:9999"))
        definition = lifecycle.Definition("asset", endorsement="OR('AMSP.peer', 'BMSP.peer')")
        lifecycle.approve(peer, "trade", definition, package_id)
        lifecycle.commit(peer, "trade", definition, endorsers=[peer, other_peer])

====================  ==============================================================================
``peer``              system chaincodes of a peer, joining channels, transactions with named endorsers
``orderer``           blocks from an orderer, envelopes to it
``participation``     an orderer's REST interface: list, join, leave channels
``authority``         a Fabric CA's REST interface: what it is, enrolments and their renewal
``enrollment``        what an enrolment asks for, what comes of it, and its folder
``registrar``         a Fabric CA's registrar: registrations, affiliations, revocations, certificates
``lifecycle``         install, approve, readiness, commit, and queries of each
``channel``           configuration blocks read, configurations changed by several admins' signatures
``snapshots``         snapshots of a channel at a peer: asked for, taken back, listed, joined by
``discovery``         what a peer knows of the other peers of a channel
====================  ==============================================================================

Failures are :class:`hlf.errors.AdminError` and what is below it, with the node
that answered, its status and its words.
"""
