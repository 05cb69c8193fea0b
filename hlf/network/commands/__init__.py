"""Commands of ``hlf network`` that inspect and change a running network; :mod:`hlf.network.cli` lists them."""
