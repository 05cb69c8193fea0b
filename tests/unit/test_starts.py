"""What programs do not load when they start: each module costs every start, and the test suite starts hundreds."""

from __future__ import annotations

import subprocess
import sys

import pytest

# For the module of each program, packages that only some of its uses need, or none.
UNUSED = {
    "hlf.network.cli": {"aiohttp", "requests", "urllib3"},
}


@pytest.mark.parametrize("program", UNUSED)
def test_a_program_starts_without_what_it_may_never_use(program):
    """Imports at the point of use, or a smaller library, keep these out."""
    code = f"import sys, {program}; print(sorted({UNUSED[program]!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
