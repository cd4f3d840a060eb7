"""What the shell offers after TAB: names of baselines, plans, parts and scenarios. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wutdet.resources import config_path, share_dir


def complete_baselines(incomplete: str) -> list[str]:
    """Baselines that come with the package."""
    return _stems("baselines", incomplete)


def complete_plans(incomplete: str) -> list[str]:
    """Plans of `wutdet run` that come with the package."""
    return _stems("benchmarks", incomplete)


def complete_parts(incomplete: str) -> list[str]:
    """Registered parts."""
    names = [part["name"] for part in _read(share_dir("annotations") / "parts.yaml")["parts"]]
    return [name for name in names if name.startswith(incomplete)]


def complete_scenarios(incomplete: str) -> list[str]:
    """The last of a list of scenarios: `clear,fo` becomes `clear,fog:1-5`, `clear,fog:1`, …"""
    before, comma, last = incomplete.rpartition(",")
    offered = ["clear"]
    for name, kind in _read(config_path("scenarios.yaml"))["kinds"].items():
        most = len(kind["severities"])
        offered += [f"{name}:1-{most}", *(f"{name}:{severity}" for severity in range(1, most + 1))]
    return [f"{before}{comma}{name}" for name in offered if name.startswith(last)]


def _read(path: Path) -> Any:
    from wutdet.yaml_text import decode_yaml  # --help loads this module, and needs no YAML

    return decode_yaml(path.read_bytes())


def _stems(folder: str, incomplete: str) -> list[str]:
    paths = (share_dir("configs") / folder).glob("*.yaml")
    return sorted(path.stem for path in paths if path.stem.startswith(incomplete))
