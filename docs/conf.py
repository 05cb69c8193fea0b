"""What Sphinx makes the documentation site of; `make docs` runs it. It needs no network."""

import re
from importlib import metadata

from sphinx.application import Sphinx

project = "Hyperledger Fabric for Python"
project_copyright = "the authors of Selat, Apache-2.0"
version = release = metadata.version("hlf")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinxcontrib.mermaid"]
html_theme = "furo"
html_title = f"hlf {version}"
html_show_sphinx = False

myst_enable_extensions = ["colon_fence"]
# Headings are link targets, as they are where the repository shows these pages.
myst_heading_anchors = 3
# The map of the rooms is written as the repository shows it, too.
myst_fence_as_directive = ["mermaid"]

# As a list, since a class may say of an attribute both there and where it is assigned.
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}


def setup(app: Sphinx) -> None:
    """Tell Sphinx what is otherwise here than it expects."""
    app.connect("source-read", _within_the_site)
    # Before napoleon, which comes at 500.
    app.connect("autodoc-process-docstring", _without_types, priority=400)


def _within_the_site(app: Sphinx, name: str, source: list[str]) -> None:
    """Lead links to CONTRIBUTING.md to its copy here; of other files, name the place in the repository."""
    text = source[0].replace("](../CONTRIBUTING.md", "](contributing.md")
    source[0] = re.sub(r"\[([^\]]+)\]\((?:\.\./)+([^)#]+)\)", r"\1 (`\2`)", text)


def _without_types(app: Sphinx, what: str, name: str, object_: object, options: object, lines: list[str]) -> None:
    """Break a property's first line after a colon: napoleon takes what is before one within a line for a type."""
    if what == "property" and lines and ": " in lines[0]:
        before, _, after = lines[0].partition(": ")
        lines[:1] = [f"{before}:", after]
