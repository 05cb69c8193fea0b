"""The same closed loop over HTTP, through a gateway; each caller keeps one connection."""

from __future__ import annotations

import http.client
import json
import os
import sys
import threading

from benchmarks.callers import loop

CALLS = "/v1/channels/bench/chaincodes/one/"


def main() -> None:
    """Run what the arguments ask for; the gateway and a token for it are in the environment."""
    *_, mode, callers, seconds = sys.argv[1:]
    headers = {"Authorization": f"Bearer {os.environ['SELAT_TOKEN']}", "Content-Type": "application/json"}
    own = threading.local()

    def post(path: str, body: dict[str, object]) -> None:
        if not hasattr(own, "connection"):
            own.connection = http.client.HTTPConnection(os.environ["SELAT_BASE"], timeout=60)
        try:
            own.connection.request("POST", CALLS + path, json.dumps(body), headers)
            answer = own.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            del own.connection
            raise
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {text[:300]!r}")

    calls: dict[str, loop.Call] = {
        "evaluate": lambda number: post("evaluate", {"function": "get", "arguments": ["warm"]}),
        "submit": lambda number: post("submit", {"function": "put", "arguments": [f"key-{number}", "v" * 64]}),
    }
    loop.run(calls[mode], int(callers), float(seconds))


if __name__ == "__main__":
    main()
