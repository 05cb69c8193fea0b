"""The trade's chaincodes: the rules of the trade (``domain``) and the contracts that apply them (``contracts``)."""
