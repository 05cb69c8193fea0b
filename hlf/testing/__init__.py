"""
Contracts tested on a network, with pytest: ``pip install 'hlf[testing]'``.

One line in ``pytest.ini`` says which contract is served, and a test asks for what it needs::

    [pytest]
    hlf_contract = mycontracts:Assets

    def test_an_asset_is_kept(contract):
        contract.submit("create", "asset1", "blue")
        assert contract.evaluate("read", "asset1") == b"blue"

=====================  ===========================================================================
``contract``           the contract configured first, called by ``User1`` of the first organisation
``fabric``             that user's gateway, a :class:`hlf.client.gateway.Gateway`
``hlf_gateway``        ``hlf_gateway("Org2MSP", "Admin")`` is another user's
``hlf_ledger``         the network at its first state: :class:`hlf.testing.sandbox.Sandbox`
``hlf_network``        the same for the whole session, without going back to the first state
``hlf_seed``           to be overridden: a session fixture that writes what every test begins with
=====================  ===========================================================================
"""
