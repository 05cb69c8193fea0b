"""
The page that tells an administrator what a file changes: a plan, or a proposed update of a channel.

The gateway has neither an administrator's key nor the consortium file, so it changes nothing. It reads a file that a
command wrote, shows it in the reader's language, and names the next command. The file is not kept.
"""

from __future__ import annotations

from flask import request

from gateway.console.blueprint import blueprint
from gateway.console.changes import planwords, updatewords
from gateway.console.page import page
from gateway.http import auth, inputs
from hlf import errors
from hlf.sentdocuments import SentDocument

# A channel of 50 organisations with 20 orderers takes half a megabyte.
MOST_BYTES = 4 << 20
# How much longer the form may be than its file.
_MORE = 64 << 10


@blueprint.route("/network/changes")
@auth.needs("audit")
def changes() -> str:
    """Ask for the file."""
    return _page()


@blueprint.route("/network/changes", methods=["POST"])
@auth.needs("audit")
@inputs.takes(body=inputs.FILES, most=MOST_BYTES + _MORE)
def told_changes() -> str:
    """Show in words what the file changes."""
    sent = request.files.get("file")
    content = sent.read() if sent else b""
    if not content:
        return _page()
    try:
        document = SentDocument(content, planwords.KIND, updatewords.KIND, most_bytes=MOST_BYTES)
        if document.kind == planwords.KIND:
            return _page(plan=planwords.read(document))
        return _page(update=updatewords.read(document))
    except errors.DocumentError as refused:
        return _page(refused=refused)


def _page(**values: object) -> str:
    shown = {"plan": None, "update": None, "refused": None, **values}
    return page("changes.html", stands=updatewords.Stand, **shown)
