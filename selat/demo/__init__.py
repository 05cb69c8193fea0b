"""The demo: one consignment from Shenzhen to Hanoi, played through HTTP on a network of its own."""
