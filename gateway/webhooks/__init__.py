"""
Events sent to integrators' own addresses: CloudEvents 1.0, signed as Standard Webhooks has it.

Users manage them at ``addresses``. ``courier`` runs in each process of the gateway and delivers: it takes events from
the read model in the order of the chain, and one process at a time delivers for one webhook.
"""
