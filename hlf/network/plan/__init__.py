"""The network that a consortium file asks for, the running network, and the steps from one to the other."""
