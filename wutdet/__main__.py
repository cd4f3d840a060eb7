"""`python -m wutdet` is `wutdet`."""

from wutdet.cli import main

main()
