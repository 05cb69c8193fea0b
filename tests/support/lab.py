"""
A chaincode of known behaviour, which the conformance suite questions.

It has the functions and answers of the Node chaincode behind the recorded
observations of real Fabric, down to the order of names in its JSON. It uses the
low door of the runtime, so that the peer's own words reach the client. Run it
as a service with CHAINCODE_ID, CHAINCODE_SERVER_ADDRESS and, for each
organisation's own process, CORE_PEER_LOCALMSPID:

    python -m tests.support.lab
"""

from __future__ import annotations

import base64
import inspect
import json
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from hlf.shim import endorsement, errors, identity, responses, server
from hlf.shim.responses import Response
from hlf.shim.stub import Stub

#: How long a transaction waits at a gate that nobody opens, in seconds.
LONGEST = 25.0
_GATES: dict[str, threading.Event] = {}
_WAITING_AT: dict[str, int] = {}
_WAITING = threading.Lock()


class Lab:
    """The chaincode; *msp_id* is the organisation whose peer it serves, told to those who ask."""

    name = "lab"
    # The chaincode that was observed writes at once, and a refused write names its message type.
    batch_writes = False

    def __init__(self, msp_id: str | None = None) -> None:
        self.msp_id = os.environ.get("CORE_PEER_LOCALMSPID", "") if msp_id is None else msp_id
        self._functions: dict[str, Callable[..., Any]] = {
            name.removeprefix("do_"): getattr(self, name) for name in dir(self) if name.startswith("do_")
        }

    def init(self, stub: Stub) -> Response:
        """Return what an initialisation is answered."""
        return responses.success(b"init")

    def invoke(self, stub: Stub) -> Response:
        """Return the function's answer; whatever it raises is answered in the exception's own words."""
        function, *arguments = [argument.decode("utf-8", "replace") for argument in stub.args]
        call = self._functions.get(function)
        if call is None:
            return responses.failure(f"unknown function {function}")
        try:
            # JavaScript ignores arguments that a function does not take.
            taken = inspect.signature(call).parameters.values()
            if not any(parameter.kind is parameter.VAR_POSITIONAL for parameter in taken):
                arguments = arguments[: len(taken) - 1]
            answer = call(stub, *arguments)
        except errors.PeerRefused as refused:
            return responses.failure(refused.message)
        except Exception as error:  # noqa: BLE001  (a laboratory shows what happened)
            return responses.failure(str(error))
        if isinstance(answer, Response):
            return answer
        return responses.success(answer if isinstance(answer, bytes) else answer.encode())

    # State

    def do_put(self, stub: Stub, key: str, value: str) -> str:
        stub.put_state(key, value.encode())
        return value

    def do_get(self, stub: Stub, key: str) -> bytes:
        return stub.get_state(key)

    def do_del(self, stub: Stub, key: str) -> str:
        stub.delete_state(key)
        return ""

    def do_rmw(self, stub: Stub, key: str, value: str) -> bytes:
        before = stub.get_state(key)
        stub.put_state(key, value.encode())
        return before

    def do_readonly(self, stub: Stub, key: str) -> str:
        stub.get_state(key)
        return "ok"

    def do_putempty(self, stub: Stub, key: str) -> str:
        stub.put_state(key, b"")
        return ""

    def do_putbig(self, stub: Stub, key: str, size: str) -> str:
        stub.put_state(key, b"x" * int(size))
        return size

    def do_putemptykey(self, stub: Stub) -> str:
        # Fabric's Go shim and ours refuse an empty key; the peer, whose answer is wanted, takes it.
        stub._writes.put("", b"x", "")
        return ""

    def do_putbadkey(self, stub: Stub) -> str:
        stub.put_state("\x00bad", b"x")
        return ""

    def do_writemany(self, stub: Stub, count: str, prefix: str) -> str:
        for number in range(int(count)):
            stub.put_state(f"{prefix}{number:05}", f"v{number}".encode())
        return count

    def do_composite(self, stub: Stub, kind: str, *parts: str) -> str:
        key = stub.create_composite_key(kind, parts)
        stub.put_state(key, b"c")
        return key.encode().hex()

    # Queries

    def do_range(self, stub: Stub, start: str, end: str) -> str:
        return _json(_all(stub.get_state_by_range(start, end)))

    def do_rangeput(self, stub: Stub, start: str, end: str, key: str, value: str) -> str:
        found = _all(stub.get_state_by_range(start, end))
        stub.put_state(key, value.encode())
        return str(len(found))

    def do_rangepage(self, stub: Stub, start: str, end: str, size: str, bookmark: str = "") -> str:
        found, following = stub.get_state_by_range_with_pagination(start, end, int(size), bookmark)
        return _json({"x": _all(found), "meta": {"n": len(found), "bm": following}})

    def do_bypartial(self, stub: Stub, kind: str, *parts: str) -> str:
        return _json(_all(stub.get_state_by_partial_composite_key(kind, parts)))

    def do_history(self, stub: Stub, key: str) -> str:
        return _json(
            [
                {"tx": each.tx_id, "v": _text(each.value), "d": each.is_delete, "ts": _moment(each.timestamp)}
                for each in stub.get_history_for_key(key)
            ]
        )

    def do_query(self, stub: Stub, query: str) -> str:
        return _json(_all(stub.get_query_result(query)))

    def do_querypage(self, stub: Stub, query: str, size: str) -> str:
        return _json(_all(stub.get_query_result_with_pagination(query, int(size))[0]))

    def do_allcomposite(self, stub: Stub, size: str, bookmark: str = "") -> str:
        found, following = stub.get_all_composite_keys_with_pagination(int(size), bookmark)
        return _json({"x": [stub.split_composite_key(kv.key) for kv in found], "bm": following})

    def do_getmany(self, stub: Stub, collection: str, *keys: str) -> str:
        found = stub.get_private_data_multiple(collection, keys) if collection else stub.get_states(keys)
        return _json([_text(value) for value in found])

    def do_batch(self, stub: Stub, first: str, *keys: str) -> str:
        """Write *first* at once and the others in a batch; a refusal of the batch is answered, as any other."""
        stub.put_state(first, b"at once")
        with stub.write_batch():
            for key in keys:
                stub.put_state(key, b"in a batch")
        return _json([_text(value) for value in stub.get_states([first, *keys])])

    def do_queryinput(self, stub: Stub, start: str, end: str) -> str:
        stub.get_state_by_range(start, end)
        stub.put_state("x", b"y")
        return "never"

    # Answers, errors and silence

    def do_nondet(self, stub: Stub) -> str:
        stub.put_state("nondet", f"{self.msp_id}{random.random()}".encode())  # noqa: S311  (to differ, not to hide)
        return "x"

    def do_nondetresp(self, stub: Stub) -> str:
        stub.put_state("nondetresp", b"same")
        return self.msp_id

    def do_error(self, stub: Stub, message: str) -> Response:
        return responses.failure(message)

    def do_throw(self, stub: Stub, message: str) -> str:
        # Past everything that catches exceptions here.
        raise BaseException(message)  # noqa: TRY002

    def do_status(self, stub: Stub, status: str, message: str = "", payload: str = "") -> Response:
        return Response(int(status), message, payload.encode())

    def do_putstatus(self, stub: Stub, status: str, message: str = "", payload: str = "") -> Response:
        stub.put_state("putstatus", payload.encode())
        return Response(int(status), message, payload.encode())

    def do_crash(self, stub: Stub) -> str:
        os._exit(99)

    def do_sleep(self, stub: Stub, milliseconds: str) -> str:
        time.sleep(int(milliseconds) / 1000)
        return "slept"

    def do_wait(self, stub: Stub, gate: str) -> str:
        """Wait until somebody opens the gate of that name in this process."""
        opened = _GATES.setdefault(gate, threading.Event())
        with _WAITING:
            waiting = _WAITING_AT[gate] = _WAITING_AT.get(gate, 0) + 1
        opened.wait(LONGEST)
        return str(waiting)

    def do_waiting(self, stub: Stub, gate: str) -> str:
        """Return how many came to the gate so far."""
        return str(_WAITING_AT.get(gate, 0))

    def do_open(self, stub: Stub, gate: str) -> str:
        _GATES.setdefault(gate, threading.Event()).set()
        return "open"

    def do_big(self, stub: Stub, size: str) -> str:
        return "x" * int(size)

    def do_orgfail(self, stub: Stub, organisations: str, key: str = "") -> str:
        if self.msp_id in organisations.split(","):
            raise RuntimeError(f"{self.msp_id} refuses")
        stub.put_state(key or "orgfail", b"v")
        return "ok"

    # Events

    def do_event(self, stub: Stub, name: str, payload: str) -> str:
        stub.put_state("ev", payload.encode())
        stub.set_event(name, payload.encode())
        return "ok"

    def do_rmwevent(self, stub: Stub, key: str, name: str) -> str:
        stub.get_state(key)
        stub.put_state(key, name.encode())
        stub.set_event(name, b"")
        return "ok"

    def do_eventonly(self, stub: Stub, name: str, payload: str) -> str:
        stub.set_event(name, payload.encode())
        return "ok"

    def do_twoevents(self, stub: Stub) -> str:
        stub.set_event("first", b"1")
        stub.set_event("second", b"2")
        return "ok"

    def do_emptyevent(self, stub: Stub) -> str:
        raise RuntimeError("Event name must be a non-empty string")

    # The proposal

    def do_echo(self, stub: Stub, *arguments: str) -> str:
        return _json(list(arguments))

    def do_transient(self, stub: Stub) -> str:
        return _json({name: _text(value) for name, value in stub.transient.items()})

    def do_creator(self, stub: Stub) -> str:
        creator = identity.of_creator(stub.creator)
        return _json(
            {
                "mspid": creator.msp_id,
                "cert": creator.pem.decode()[:27],
                "ts": _moment(stub.timestamp),
                "tx": stub.tx_id,
                "ch": stub.channel_id,
                "peer": self.msp_id,
                "binding": stub.binding.hex(),
            }
        )

    def do_clientid(self, stub: Stub) -> str:
        """Return the id that Fabric's Go library gives, without its base64."""
        return base64.b64decode(identity.of_creator(stub.creator).id).decode()

    def do_decorations(self, stub: Stub) -> str:
        return _json({name: _text(value) for name, value in stub.decorations.items()})

    def do_mspid(self, stub: Stub) -> str:
        return self.msp_id

    # Private data

    def do_putpvt(self, stub: Stub, collection: str) -> str:
        stub.put_private_data(collection, stub.transient["key"].decode(), stub.transient["value"])
        return "ok"

    def do_putpvtarg(self, stub: Stub, collection: str, key: str, value: str) -> str:
        stub.put_private_data(collection, key, value.encode())
        return "ok"

    def do_putpvtnocoll(self, stub: Stub) -> str:
        return self.do_putpvtarg(stub, "nosuchcoll", "k", "x")

    def do_getpvt(self, stub: Stub, collection: str, key: str) -> bytes:
        return stub.get_private_data(collection, key)

    def do_getpvthash(self, stub: Stub, collection: str, key: str) -> str:
        return stub.get_private_data_hash(collection, key).hex()

    def do_delpvt(self, stub: Stub, collection: str, key: str) -> str:
        stub.delete_private_data(collection, key)
        return "ok"

    def do_purgepvt(self, stub: Stub, collection: str, key: str) -> str:
        stub.purge_private_data(collection, key)
        return "ok"

    def do_rmwpvt(self, stub: Stub, collection: str, key: str, value: str) -> bytes:
        before = stub.get_private_data(collection, key)
        stub.put_private_data(collection, key, value.encode())
        return before

    def do_pvtrange(self, stub: Stub, collection: str, start: str, end: str) -> str:
        return _json(_all(stub.get_private_data_by_range(collection, start, end)))

    def do_putpvtcomposite(self, stub: Stub, collection: str, kind: str, *parts: str) -> str:
        stub.put_private_data(collection, stub.create_composite_key(kind, parts), b"c")
        return "ok"

    def do_pvtpartial(self, stub: Stub, collection: str, kind: str, *parts: str) -> str:
        found = stub.get_private_data_by_partial_composite_key(collection, kind, parts)
        return _json([stub.split_composite_key(kv.key) for kv in found])

    def do_pvtquery(self, stub: Stub, collection: str, query: str) -> str:
        return _json(_all(stub.get_private_data_query_result(collection, query)))

    # Key-level endorsement, and other chaincodes

    def do_setep(self, stub: Stub, key: str, *organisations: str) -> str:
        stub.set_state_validation_parameter(key, endorsement.all_of(organisations))
        return "ok"

    def do_changeep(self, stub: Stub, key: str, added: str, deleted: str) -> str:
        """Change the list of a key's policy; answer with the list."""
        policy = endorsement.KeyPolicy(stub.get_state_validation_parameter(key))
        policy.add(added, role="MEMBER")
        policy.delete(deleted)
        stub.set_state_validation_parameter(key, policy.to_bytes())
        return _json(dict(policy.roles))

    def do_getep(self, stub: Stub, key: str) -> str:
        return stub.get_state_validation_parameter(key).hex()

    def do_clearep(self, stub: Stub, key: str) -> str:
        stub.set_state_validation_parameter(key, b"")
        return "ok"

    def do_hold(self, stub: Stub, *held: str) -> str:
        """Make keys with policies of their own: key, policy in hexadecimal digits, key, policy."""
        for key, policy in zip(held[::2], held[1::2], strict=True):
            stub.put_state(key, b"held")
            stub.set_state_validation_parameter(key, bytes.fromhex(policy))
        return "ok"

    def do_write(self, stub: Stub, *places: str) -> str:
        """Write to keys, and to ``collection/key``."""
        for place in places:
            collection, _, key = place.rpartition("/")
            if collection:
                stub.put_private_data(collection, key, b"written")
            else:
                stub.put_state(key, b"written")
        return "ok"

    def do_invoke(self, stub: Stub, chaincode: str, channel: str, *arguments: str) -> str:
        answer = stub.invoke_chaincode(chaincode, arguments, channel)
        return _json({"status": answer.status, "message": answer.message, "payload": _text(answer.payload)})


def _all(found: Iterable[Any]) -> list[dict[str, str]]:
    return [{"k": kv.key, "v": _text(kv.value)} for kv in found]


def _json(value: Any) -> str:
    """Return JSON as JavaScript writes it: nothing between the tokens, no character escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _moment(at: datetime) -> dict[str, int]:
    return {"seconds": int(at.timestamp()), "nanos": at.microsecond * 1000}


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    server.serve(Lab(), os.environ["CHAINCODE_ID"], os.environ["CHAINCODE_SERVER_ADDRESS"])
