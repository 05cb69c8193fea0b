"""Networks of Fabric: a consortium file, its keys and channels, and the engines that run it, embedded or real."""

import importlib.util

from hlf import extras

for _name, _library in {"aiohttp": "aiohttp", "click": "click", "requests": "requests", "yaml": "PyYAML"}.items():
    if importlib.util.find_spec(_name) is None:
        raise extras.missing(_library, "network")
