"""Commands of ``hlf network`` that change a running network; :mod:`hlf.network.cli` lists them."""
