"""Where the process `openrekog` begins: what must be settled before the libraries are loaded, then
the command line."""

from openrekog.server.processor import choose_kernel


def main() -> None:
    choose_kernel()
    # Imported here: it brings NumPy with it.
    from openrekog.server import cli

    cli.main()


if __name__ == "__main__":
    main()
