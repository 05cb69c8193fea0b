"""``python -m gateway``: serve with the settings in the environment."""

from gateway.wsgi import main

main()
