"""``python -m hlf`` is the ``hlf`` command."""

from __future__ import annotations

import sys

from hlf import cli

sys.exit(cli.main())
