"""The real thing on one machine: `peer` and `orderer` processes of a Fabric release on loopback."""
