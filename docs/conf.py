"""How Sphinx builds the site: ``sphinx-build -W docs site``."""

import sys
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
from generated import expand

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "intact"
author = "The intact maintainers"
copyright = author  # noqa: A001 - Sphinx's name
version = release = installed("intact")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = f"intact {release}"
html_copy_source = False
myst_heading_anchors = 3
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # a class's attributes once, by its docstring
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
nitpicky = False  # the types of boto3 and click have no pages to point to
suppress_warnings = ["myst.header"]  # generated help begins at the level of its command


def setup(app: "Sphinx") -> None:
    """Fill in what is generated before a page is parsed."""
    app.connect("source-read", lambda _app, _name, source: source.__setitem__(0, expand(source[0])))
