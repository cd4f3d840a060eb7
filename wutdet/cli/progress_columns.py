"""Columns of a progress bar that rich does not have; loaded when a bar is shown, as rich takes its time."""

from __future__ import annotations

from rich.progress import ProgressColumn, Task
from rich.text import Text

from wutdet.cli.pace import Pace, left_text, rate_text


class RateColumn(ProgressColumn):
    """Steps a second, or seconds a step."""

    def render(self, task: Task) -> Text:
        """The rate of a task whose field `pace` is a `Pace`."""
        pace: Pace = task.fields["pace"]
        return Text(rate_text(pace.per_s))


class LeftColumn(ProgressColumn):
    """The time that the rest takes."""

    def render(self, task: Task) -> Text:
        """The time left of a task whose field `pace` is a `Pace`."""
        pace: Pace = task.fields["pace"]
        return Text(left_text(pace.left_s))
