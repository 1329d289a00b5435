"""`pef`: the command line. Thin: it reads arguments, calls use cases, shows answers."""

from pef_adapters.cli.app import main

__all__ = ["main"]
