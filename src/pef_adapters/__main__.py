"""`python -m pef_adapters` is `pef`."""

from pef_adapters.cli import main

if __name__ == "__main__":
    main()
