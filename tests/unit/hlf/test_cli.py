"""The `hlf` command: what it lists, what it runs, and what it says where something is missing."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

from hlf import cli


def test_the_list_of_commands(capsys):
    """Without a word it says what there is."""
    assert cli.main([]) == 0
    told = capsys.readouterr().out
    assert cli.main(["--help"]) == 0
    assert capsys.readouterr().out == told
    assert "hlf COMMAND" in told


def test_its_version():
    """`python -m hlf` is the same command, and tells the version of what is installed."""
    done = subprocess.run([sys.executable, "-m", "hlf", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"hlf {importlib.metadata.version('hlf')}\n"


def test_no_such_command(capsys):
    """A word that is no command is told from one, by exit code and by name."""
    assert cli.main(["netwrok"]) == 2
    assert "there is no command 'netwrok'" in capsys.readouterr().err


def test_contracts_are_served(tmp_path, capsys):
    """`hlf chaincode serve` takes the options of its own page, and tells what is wrong with a contract's file."""
    assert cli.main(["chaincode", "serve", str(tmp_path / "none.py"), "--id", "x:1"]) == 2
    assert "there is no chaincode" in capsys.readouterr().err
    assert cli.main(["chaincode"]) == 2
    assert "`hlf chaincode serve`" in capsys.readouterr().err


def test_networks_are_run(tmp_path, capsys):
    """`hlf network render` writes the library's own network where no file is named."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["network", "render", "--state", str(tmp_path / "state")])
    assert ended.value.code == 0, capsys.readouterr()
    assert "name: developers" in (tmp_path / "state" / "consortium.yaml").read_text()


def test_without_the_extra_networks_say_how_to_get_it():
    """The cure is the command that installs what is missing; the rest of the library does not need it."""
    code = "import sys; sys.modules['click'] = None; from hlf import cli; sys.exit(cli.main(['network', 'status']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "hlf: click is not installed: pip install 'hlf[network]'\n"
