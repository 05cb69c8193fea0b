"""The author's module: what is served of it, and how a defect of it is told."""

from __future__ import annotations

import re
import sys

import pytest

from hlf.shim import api, testing
from hlf.shim.errors import ContractError
from hlf.shim.serving import loading
from hlf.shim.serving.reloading import ReloadingChaincode

CONTRACT = """
from hlf.shim import api

class Shop(api.Contract):
    @api.query
    def hello(self, ctx: api.Context) -> str:
        return "hello"
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a module into a folder that is the present one, and forget afterwards what was imported of it."""
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def written(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    yield written
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("added", "asked", "name"),
    [
        ("", "shop.py", "shop"),
        ("", "shop", "shop"),
        ("chaincode = api.Chaincode('store', [Shop])", "shop.py", "store"),
        ("mine = api.Chaincode('mine', [Shop])", "shop", "mine"),
        ("mine, yours = api.Chaincode('mine', [Shop]), api.Chaincode('yours', [Shop])", "shop:yours", "yours"),
        (
            "class Made(api.Chaincode):\n    def __init__(self):\n        super().__init__('made', [Shop])",
            "shop:Made",
            "made",
        ),
    ],
)
def test_a_module_need_not_say_much(write, added, asked, name):
    """One object is found by itself; contracts alone make a chaincode that is called as their module."""
    write("shop.py", CONTRACT + added)
    found = loading.load(asked)
    assert isinstance(found, api.Chaincode)
    assert (found.name, list(found.contracts)) == (name, ["Shop"])


def test_a_file_imports_its_neighbours_and_may_have_any_name(write):
    """A file called as a module that is loaded already, even the library's own, is served all the same."""
    write("prices.py", "PRICE = 7")
    write("json.py", "from prices import PRICE\n" + CONTRACT + "chaincode = api.Chaincode(f'shop{PRICE}', [Shop])")
    assert loading.load("json.py").name == "shop7"


def test_a_change_in_a_neighbour_is_followed_too(write):
    """A contract is more than its file; what cannot be read is told until it is mended, and the others wait for it."""
    write("prices.py", "PRICE = '7'")
    write("shop.py", "from prices import PRICE\n" + CONTRACT.replace('"hello"', "PRICE"))
    following = ReloadingChaincode("shop.py")
    ledger, client = testing.Ledger(following, ["AMSP"]), testing.client("AMSP")
    assert (following.name, following.expose_errors) == ("shop", True)
    assert ledger.evaluate("hello", client=client).text == "7"
    write("prices.py", "PRICE = '12'")
    assert ledger.evaluate("hello", client=client).text == "12"
    write("prices.py", "PRICE = 1 / 0")
    for _ in range(2):
        with pytest.raises(
            testing.CallFailed, match=r"refused/INTERNAL: .*prices.py:1: ZeroDivisionError: division by zero"
        ):
            ledger.evaluate("hello", client=client)
    write("prices.py", "PRICE = 'mended'")
    assert ledger.evaluate("hello", client=client).text == "mended"


@pytest.mark.parametrize(
    ("text", "asked", "reason"),
    [
        ("def (", "shop.py", r".*/shop.py:1: invalid syntax: def \("),
        ("import no_such_thing", "shop", r".*/shop.py:1: No module named 'no_such_thing'; install it into"),
        ("x = 1\nx.y", "shop.py", r".*/shop.py:2: AttributeError: 'int' object has no attribute 'y'"),
        ("raise SystemExit(3)", "shop.py", r".*/shop.py:1: SystemExit: 3"),
        (CONTRACT.replace("@api.query", "@api.query('x')"), "shop.py", r".*/shop.py:5: @query marks 'x', which is no"),
        (
            CONTRACT.replace("ctx: api.Context", "ctx: api.Context, size") + "\nchaincode = api.Chaincode('s', [Shop])",
            "shop.py",
            r".*/shop.py:9: Shop:hello: size has no annotation; write its type, as in size: str",
        ),
        (CONTRACT.replace("ctx: api.Context", "ctx, size"), "shop.py", r".*/shop.py: Shop:hello: size has no"),
        ("", "shop.py", "there is no chaincode 'shop.py': shop has neither an api.Chaincode nor a class"),
        (CONTRACT, "shop:x", "there is no chaincode 'shop:x': shop has no object 'x'; chaincodes there: none"),
        ("chaincode = 7", "shop", "'shop' is 7, which is no chaincode; make one"),
        ("class chaincode:\n    def __init__(self):\n        1 / 0", "shop", r".*/shop.py:3: ZeroDivisionError"),
        ("", "nowhere.py", r"there is no chaincode 'nowhere.py': no file .*/nowhere.py"),
        ("", "nowhere.at_all", "there is no chaincode 'nowhere.at_all': no module 'nowhere' in .* or on PYTHONPATH"),
    ],
)
def test_a_defect_is_told_with_its_place_and_cure(write, text, asked, reason):
    """The author's own line and the cause; that there is no chaincode is said only where there is none."""
    write("shop.py", text)
    with pytest.raises(ContractError) as told:
        loading.load(asked)
    assert re.match(reason, str(told.value)), told.value
