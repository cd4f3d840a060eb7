"""The verb render."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wutdet.cli.completion import complete_scenarios
from wutdet.cli.options import (
    AsJson,
    Classes,
    Images,
    OnError,
    OnErrorChoice,
    Origin,
    OriginChoice,
    Sidecar,
    Splits,
    parse_classes,
)
from wutdet.cli.output import counted, note, print_json, progress, resuming, warn
from wutdet.cli.places import check_out, folder_for
from wutdet.cli.weather import (
    AmbientWords,
    CameraFile,
    CameraHeightM,
    HfovDeg,
    SeveritiesFile,
    open_cameras,
    open_severities,
    read_scenarios,
)
from wutdet.errors import ConfigError, DataError

if TYPE_CHECKING:
    from wutdet.dataset.frame_source import FrameSource
    from wutdet.dataset.source_frame import SourceFrame


class FormatChoice(enum.StrEnum):
    """How copies are stored."""

    png = "png"
    jpg = "jpg"


def render(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A dataset, a folder of images, an image or a video.")],
    scenarios: Annotated[
        str,
        typer.Option("--scenarios", help="Such as fog:1-5,rain:3,fog:2+lowlight:3.", autocompletion=complete_scenarios),
    ] = "clear,fog:1-5,glare:1-5,rain:1-5,lowlight:1-5",
    out: Annotated[Path | None, typer.Option("--out", help="A folder for copies; an unfinished one continues.")] = None,
    sheet: Annotated[Path | None, typer.Option("--sheet", help="A .png or .jpg: a frame under every scenario.")] = None,
    frame: Annotated[str | None, typer.Option("--frame", help="Of the sheet, by name; default: the first.")] = None,
    image_format: Annotated[FormatChoice, typer.Option("--format", help="png keeps every pixel.")] = FormatChoice.png,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; default: one a core, 8 at most.")
    ] = None,
    every: Annotated[int, typer.Option("--every", min=1, help="Of a video: each how many-th frame.")] = 1,
    split: Annotated[str | None, typer.Option("--split", help="Of a dataset; default: every frame.")] = None,
    images: Images = None,
    splits: Splits = None,
    sidecar: Sidecar = None,
    voc_origin: Origin = OriginChoice.auto,
    classes: Classes = None,
    on_error: OnError = OnErrorChoice.stop,
    camera: CameraFile = None,
    camera_height_m: CameraHeightM = None,
    hfov_deg: HfovDeg = None,
    ambient: AmbientWords = None,
    severities: SeveritiesFile = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the weather.")] = 0,
    ignore_below: Annotated[
        float | None, typer.Option("--ignore-below", help="Ships with less contrast left become crowds in the labels.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write degraded copies of frames, for any detector.

    Labels go with them; --sheet shows one frame in all weather.
    """
    from wutdet.dataset.frame_source import DatasetFrames, open_frames
    from wutdet.rendering import render as write_copies
    from wutdet.rendering.plan import PLAN_NAME
    from wutdet.report.sheet import draw_sheet
    from wutdet.scenarios import parse_ambient

    if out is None and sheet is None:
        raise ConfigError("nothing is asked for", where="render", remedy="give --out DIR, --sheet FILE or both")
    if frame is not None and sheet is None:
        raise ConfigError("chooses the frame of a sheet", where="--frame", remedy="give --sheet FILE, or leave it out")
    if sheet is not None and sheet.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise ConfigError("is no picture", where=f"--sheet {sheet}", remedy="name a .png or a .jpg")
    if out is not None:
        refusal = ConfigError("exists and holds no rendered copies", where=out, remedy="choose another --out")
        check_out(out, PLAN_NAME, refusal)
    own = open_severities(severities)
    listed = read_scenarios(scenarios, own)
    circumstances = parse_ambient(ambient or [])
    source = open_frames(
        data,
        images=images,
        splits=splits,
        split=split,
        sidecar=sidecar,
        voc_origin=voc_origin.value,
        classes=parse_classes(classes) or None,
        on_error=on_error.value,
        every=every,
    )
    if sheet is not None:
        _check_not_original(source, sheet)
    names = source.dataset.images["camera"] if isinstance(source, DatasetFrames) else [None]
    eyes = open_cameras(camera, camera_height_m, hfov_deg, names, source.name)
    if sheet is not None:
        shown = _choose(source, frame)
        eye, mounted = eyes.of(shown.camera, shown.width, shown.height)
        with folder_for(sheet):
            draw_sheet(
                shown,
                listed,
                sheet,
                camera=eye,
                horizon=mounted,
                ambient=circumstances,
                severities=own,
                seed=seed,
                title=shown.name,
            )
        note(f"sheet of {shown.name}: {sheet}")
    if out is None:
        return
    with progress("rendering", source.expected or 0) as advance:
        copies = write_copies(
            source,
            listed,
            out,
            image_format=image_format.value,
            cameras=eyes,
            ambient=circumstances,
            severities=own,
            ignore_below=ignore_below,
            seed=seed,
            on_error=on_error.value,
            workers=workers,
            advance=resuming(advance, source.expected or 0),
        )
    for problem in source.problems:
        warn(f"left out: {problem.message}")
    for reason in copies.left_out:
        warn(f"left out: {reason}")
    for warning in copies.warnings:
        warn(warning)
    note(f"{counted(copies.frames, 'frame')} under {counted(len(copies.scenarios), 'scenario')}")
    if as_json:
        print_json(copies)
        return
    for one in copies.scenarios:
        print(one.folder)


def _check_not_original(source: FrameSource, sheet: Path) -> None:
    """Refuse a sheet in place of a frame: a sheet that is there already is replaced, an original never.

    Raises:
        ConfigError: it is the file of a frame.
    """
    from wutdet.dataset.frame_source import DatasetFrames
    from wutdet.dataset.image_files import ImageFiles

    if not sheet.exists():
        return
    paths: Iterable[Path] = source.paths if isinstance(source, ImageFiles) else ()
    if isinstance(source, DatasetFrames):
        paths = (source.dataset.image_dir / name for name in source.dataset.images["file_name"])
    if any(path.exists() and path.samefile(sheet) for path in paths):
        raise ConfigError("is one of the frames", where=f"--sheet {sheet}", remedy="choose another file")


def _choose(source: FrameSource, name: str | None) -> SourceFrame:
    """The named frame, or the first.

    Raises:
        DataError: there is none.
    """
    for frame in source:
        if name is None or frame.name == name:
            return frame
    what = "has no frame" if name is None else f"has no frame '{name}'"
    raise DataError(what, where=source.name, remedy="give a --frame that is there")
