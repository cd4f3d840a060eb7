"""Options about weather that several verbs share, and how their text becomes values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from wutdet.errors import ConfigError

if TYPE_CHECKING:
    from wutdet.scenarios import Cameras, Scenario, SeverityTable

_SHOWN: Final = 8  # cameras named in a line

CameraFile = Annotated[
    Path | None, typer.Option("--camera", metavar="FILE", help="Cameras by name: see configs/cameras/nominal.yaml.")
]
CameraHeightM = Annotated[
    float | None, typer.Option("--camera-height-m", help="Of the default camera, above the water; else 15.")
]
HfovDeg = Annotated[float | None, typer.Option("--hfov-deg", help="Field of view of the default camera; else 60.")]
AmbientWords = Annotated[
    list[str] | None,
    typer.Option("--ambient", metavar="KEY=VALUE", help="Such as wind_m_s=8,fog_banks=0.4; see docs/scenarios.md."),
]
SeveritiesFile = Annotated[
    Path | None, typer.Option("--severities", metavar="FILE", help="Your own, laid out like configs/scenarios.yaml.")
]


def open_cameras(
    path: Path | None, height_m: float | None, hfov_deg: float | None, frame_cameras: Iterable[str | None], data: str
) -> Cameras:
    """The cameras that the options name; says on stderr which entries are of no frame of DATA.

    Args:
        path: of the camera file.
        height_m, hfov_deg: of the default camera.
        frame_cameras: the cameras of the frames.
        data: the name of the frames.

    Raises:
        ConfigError: the file or a value is wrong.
    """
    from wutdet.cli.output import warn
    from wutdet.scenarios import read_cameras

    cameras = read_cameras(path, height_m=height_m, hfov_deg=hfov_deg)
    names = set(frame_cameras)
    strange = cameras.without_frames(names)
    if strange:
        known = sorted(name for name in names if name is not None)
        warn(f"--camera: no frame is of {_listed(strange)}; cameras of {data}: {_listed(known) or 'none'}")
    return cameras


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def read_scenarios(text: str, own: SeverityTable | None) -> tuple[Scenario, ...]:
    """The scenarios that --scenarios lists.

    Raises:
        ConfigError: it lists none.
        ScenarioError: the text does not follow the grammar.
    """
    from wutdet.scenarios import parse_scenarios

    require_scenarios(text, "--scenarios")
    return parse_scenarios(text, own)


def require_scenarios(text: str, option: str) -> None:
    """Refuse an option that is to list scenarios and is empty.

    Raises:
        ConfigError: it is.
    """
    if not text.strip():
        raise ConfigError("no scenario is given", where=option, remedy="name some, such as clear,fog:1-5")


def open_severities(path: Path | None) -> SeverityTable | None:
    """A user's own severities among the known ones; None where no file is named.

    Raises:
        ConfigError: the file is wrong.
    """
    from wutdet.scenarios import all_severities, own_severities

    return None if path is None else own_severities(path, all_severities())
