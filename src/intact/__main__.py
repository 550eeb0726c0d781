"""``python -m intact``."""

from intact.cli.main import main

main()
