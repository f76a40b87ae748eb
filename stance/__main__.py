"""`python -m stance` is the command line."""

from stance.cli import main

main()
