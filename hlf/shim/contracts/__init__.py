"""Turn a contract class into functions that can be called with bytes: the decorators, and the inspection of classes."""
