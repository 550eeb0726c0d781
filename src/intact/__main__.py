"""``python -m intact``, and the command ``intact``."""

import signal


def main() -> None:
    """Run the command line; Ctrl-C before that is imported ends it as it ends any program."""
    python = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if python:  # and neither ignored, as in a shell's background, nor somebody else's
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from intact.cli.main import main as run  # noqa: PLC0415 - takes the time that this is about

    if python:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
