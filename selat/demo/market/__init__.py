"""A marketplace in a month: two organisations that sell for three shops, six carriers, buyers in six countries."""
