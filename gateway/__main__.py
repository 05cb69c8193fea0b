"""``python -m gateway``: serve with the settings in the environment."""

from gateway.front.server import main

main()
