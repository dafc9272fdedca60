"""The two ways a command may end badly; the command line turns each into one line and an exit code."""

from __future__ import annotations


class UsageError(Exception):
    """Bad input or usage (exit code 2): names the cause and the remedy; nothing was written."""


class RunError(Exception):
    """A run broke (exit code 1): says what is saved and how to go on."""
