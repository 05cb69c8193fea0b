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

# A channel of 50 organisations with 20 orderers takes half a megabyte; a report with all the findings it lists, six.
MOST_BYTES = 8 << 20
# How much longer the form may be than its file.
_MORE = 64 << 10
MOST_SENT = MOST_BYTES + _MORE


@blueprint.route("/network/changes")
@auth.needs("audit")
def changes() -> str:
    """Ask for the file."""
    return _page()


@blueprint.route("/network/changes", methods=["POST"])
@auth.needs("audit")
@inputs.takes(body=inputs.FILES, most=MOST_SENT)
def told_changes() -> str:
    """Show in words what the file changes."""
    try:
        document = sent(planwords.KIND, updatewords.KIND)
        if document is None:
            return _page()
        if document.kind == planwords.KIND:
            return _page(plan=planwords.read(document))
        return _page(update=updatewords.read(document))
    except errors.DocumentError as refused:
        return _page(refused=refused)


def sent(*kinds: str) -> SentDocument | None:
    """
    Return the document of one of these kinds in the form of the request; None if no file was chosen.

    Raises:
        DocumentError: it is damaged, or another document.
    """
    file = request.files.get("file")
    content = file.read() if file else b""
    return SentDocument(content, *kinds, most_bytes=MOST_BYTES) if content else None


def _page(**values: object) -> str:
    shown = {"plan": None, "update": None, "refused": None, **values}
    return page("changes.html", stands=updatewords.UpdateStatus, **shown)
