"""Degraded copies of frames, for detectors that wutdet does not run."""

from wutdet.rendering.render import Copies, ScenarioCopies, render

__all__ = ["Copies", "ScenarioCopies", "render"]
