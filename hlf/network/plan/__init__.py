"""What a consortium file wants of a running network, what the network is, and the steps from one to the other."""
