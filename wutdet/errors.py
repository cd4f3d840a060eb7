"""The errors of wutdet: each says what is wrong, where, and the remedy, in one line."""

from __future__ import annotations

from collections.abc import Callable


class WutdetError(Exception):
    """Something a user can put right.

    Args:
        what: what is wrong, as a short clause without a full stop.
        where: the file, frame or option it is about; empty when there is none.
        remedy: what to do about it, as an imperative clause.
    """

    def __init__(self, what: str, *, where: object = "", remedy: str) -> None:
        self.what = what
        self.where = str(where)
        self.remedy = remedy
        super().__init__(f"{self.where}: {what}; {remedy}" if self.where else f"{what}; {remedy}")

    def __reduce__(self) -> tuple[Callable[..., WutdetError], tuple[type[WutdetError], str, str, str]]:
        """How it travels between processes: exceptions with keyword arguments do not by themselves."""
        return _again, (type(self), self.what, self.where, self.remedy)


def _again(kind: type[WutdetError], what: str, where: str, remedy: str) -> WutdetError:
    error = kind.__new__(kind)
    WutdetError.__init__(error, what, where=where, remedy=remedy)
    return error


class DataError(WutdetError):
    """The data cannot be read as it stands."""


class FrameError(DataError):
    """One frame (its image or its labels) is bad; the others may be good."""


class ScenarioError(WutdetError):
    """A scenario is unknown or malformed."""


class ConfigError(WutdetError):
    """A configuration file or an option is wrong."""


class MissingExtraError(WutdetError):
    """An optional dependency is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(
            f"the package '{module}' is not installed",
            remedy=f"install it with: pip install 'wutdet[{extra}]'",
        )
