"""What every ``validate`` asks of a problem, whoever wrote it: its keys, and whole numbers within bounds."""

from __future__ import annotations

from tail_lite.tasks.base import Problem


def check_keys(what: str, problem: object, *keys: str) -> None:
    """ValueError unless `problem` is an object with just these keys; `what` is such as "an addition problem"."""
    if not isinstance(problem, dict) or set(problem) != set(keys):
        *first, last = map(repr, keys)
        named = f"keys {', '.join(first)} and {last}" if first else f"key {last}"
        raise ValueError(f"{what} has the {named}")


def is_whole(value: object, least: int, most: int) -> bool:
    """Whether it is an integer from `least` to `most`; True and False are none."""
    return type(value) is int and least <= value <= most


def check_whole(problem: Problem, key: str, least: int, most: int) -> None:
    """ValueError unless the value of `key` is an integer from `least` to `most`."""
    if not is_whole(problem[key], least, most):
        raise ValueError(f"{key!r} must be a whole number from {least} to {most}, not {problem[key]!r}")
