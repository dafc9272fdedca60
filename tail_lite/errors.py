"""The two ways a command may end badly; the command line turns each into one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn


class UsageError(Exception):
    """Bad input or usage (exit code 2): names the cause and the remedy; nothing was written."""


class RunError(Exception):
    """A run broke (exit code 1): says what is saved and how to go on."""


def main(command: Callable[[], object]) -> NoReturn:
    """Run a command and exit: 0 done, 1 a run broke, 2 bad input or usage; one line on standard error."""
    try:
        command()
    except UsageError as error:
        _fail(error, 2)
    except RunError as error:
        _fail(error, 1)
    except KeyboardInterrupt:
        _fail("interrupted", 1)
    sys.exit(0)


def _fail(message: object, code: int) -> NoReturn:
    print(f"error: {' '.join(str(message).split())}", file=sys.stderr)
    sys.exit(code)
