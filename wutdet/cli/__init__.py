"""The command line: `wutdet VERB …`."""

from wutdet.cli.app import main

__all__ = ["main"]
