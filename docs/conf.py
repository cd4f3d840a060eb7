"""How Sphinx builds this folder: `make docs`. Nothing a page shows comes from a network."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
# Tutorials run as notebooks: their commands are those of this environment, and their tables have one width.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
os.environ["COLUMNS"] = "100"
os.environ["TTY_COMPATIBLE"] = "0"  # a kernel asks for colours; a page shows them as escape codes

from wutdet import __version__  # noqa: E402

project = "wutdet"
copyright = "the wutdet authors, Apache-2.0"
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "mathml",
    "plain_docstrings",
    "whole_streams",
    "cli_reference",
]
exclude_patterns = ["_ext", "_static"]

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
nitpick_ignore_regex = [
    ("myst", r".*/card\.md")
]  # the leaderboard's cards are no pages of the site: their names stay text
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_output_stderr = "remove"  # progress bars; what a reader should know is printed by the pages
nb_ipywidgets_js = {}  # no page has a widget, and its scripts lie on a network

smartquotes = False  # --out is no dash

html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"wutdet {version}"
html_static_path = ["_static"]
html_css_files = ["wutdet.css"]
html_copy_source = False
html_show_sourcelink = False

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_numpy_docstring = False
napoleon_use_rtype = False
copybutton_selector = "div.highlight pre"
