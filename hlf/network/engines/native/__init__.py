"""Real `peer` and `orderer` processes of a Fabric release on one machine, on loopback."""
