"""The chaincode on PyPI's fabric-chaincode-python, in an environment of its own."""

import sys
from typing import Any

from fabric_chaincode_python.fabric_shim import response, server
from fabric_chaincode_python.fabric_shim.interfaces import Chaincode


class Values(Chaincode):  # type: ignore[misc]  # The library is not here, and has no types.
    """Keys and values."""

    async def init(self, stub: Any) -> Any:
        return response.success(b"")

    async def invoke(self, stub: Any) -> Any:
        function, arguments = stub.get_function_and_parameters()
        if function == "get":
            return response.success(await stub.get_state(arguments[0]))
        await stub.put_state(arguments[0], arguments[1].encode())
        return response.success(arguments[1].encode())


server.start(Values, sys.argv[1], sys.argv[2])
