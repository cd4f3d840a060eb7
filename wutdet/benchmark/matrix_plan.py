"""What a matrix of runs is: detectors × seeds × splits, each in the same weather."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from wutdet.detectors import InferenceProtocol, Tiling
from wutdet.errors import ConfigError
from wutdet.resources import share_dir
from wutdet.training import train
from wutdet.training.field_hints import field_remedy
from wutdet.yaml_text import decode_yaml

_BESIDE: Final = {"seed": "seeds", "weights": "weights"}
"""What is no setting in a plan but has a place of its own, by the name that training has for it."""
_ARGUMENTS: Final = frozenset(inspect.signature(train).parameters) - {"overrides"}


class MatrixDetector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One detector of a matrix: a baseline that is trained, or one that is there.

    Raises:
        ConfigError: it names none or both, seeds for one that is not trained, what is no setting, or a name that
            makes no folder.
    """

    baseline: str | None = None
    """A name in configs/baselines, or a YAML file: trained where it is missing."""
    detector: str | None = None
    """Weights, or `pkg.module:factory`."""
    name: str | None = None
    """In tables and folders; None is the baseline's name, or the stem of the weights."""
    seeds: Annotated[tuple[int, ...], msgspec.Meta(min_length=1)] | None = None
    """Of the training, one run each; None is 0."""
    weights: str | None = None
    """That training starts from, in place of the baseline's own."""
    settings: dict[str, Any] = {}
    """Of the training, as `wutdet train` takes them."""
    classes: dict[str, str] = {}
    """The detector's class names that count as ship."""
    imgsz: Annotated[int, msgspec.Meta(ge=32)] | None = None
    """Of inference; None is the detector's own."""
    tiles: Tiling | None = None
    """Of inference; None looks at whole frames alone."""

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if (self.baseline is None) == (self.detector is None):
            raise ConfigError("names a baseline or a detector, one of them", where="detectors", remedy="correct it")
        if self.detector is not None and (len(self.seeds or ()) > 1 or self.weights or self.settings):
            what = "seeds, weights and settings are of a baseline that is trained"
            raise ConfigError(what, where=f"detectors: {self.detector}", remedy="leave them out")
        if self.seeds is not None and len(set(self.seeds)) < len(self.seeds):
            raise ConfigError("a seed comes twice", where=self.where, remedy="give each once")
        _check_name(self.label if self.name is None else self.name, "detectors")
        for key in self.settings:
            _check_setting(key, self.where)

    @property
    def where(self) -> str:
        """What an error about it names."""
        return f"detectors: {self.label}"

    @property
    def protocol(self) -> InferenceProtocol:
        """How frames are looked at."""
        return InferenceProtocol(imgsz=self.imgsz, tiles=msgspec.UNSET if self.tiles is None else self.tiles)

    @property
    def label(self) -> str:
        """What it is called."""
        return self.name or Path((self.baseline or self.detector or "").replace(":", "-")).stem


class MatrixPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runs there are, and in which weather.

    Raises:
        ConfigError: two detectors have one name, two runs one folder, or a split's name makes none.
    """

    name: str
    description: str = ""
    detectors: Annotated[tuple[MatrixDetector, ...], msgspec.Meta(min_length=1)]
    scenarios: str = "clear,fog:1-5,rain:1-5,glare:1-5,lowlight:1-5"
    splits: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = ("test",)
    seed: int = 0
    """Of the weather."""

    def __post_init__(self) -> None:
        """Refuse two detectors whose folders would be one."""
        labels = [detector.label for detector in self.detectors]
        twice = next((label for label in labels if labels.count(label) > 1), None)
        if twice is not None:
            raise ConfigError(f"'{twice}' comes twice", where="detectors", remedy="give each a name of its own")
        for split in self.splits:
            _check_name(split, "splits")
        folders = [cell.run.casefold() for cell in self.cells()]  # some file systems do not tell A from a
        shared = next((cell.run for cell in self.cells() if folders.count(cell.run.casefold()) > 1), None)
        if shared is not None:
            what = f"two runs would be in one folder, '{shared}'"
            raise ConfigError(what, where="detectors", remedy="give a detector another name, and each split once")

    def cells(self) -> Iterator[MatrixCell]:
        """Every run, in order."""
        for detector in self.detectors:
            for seed in detector.seeds or (0,):
                for split in self.splits:
                    yield MatrixCell(detector, seed, split)


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One run of a matrix."""

    detector: MatrixDetector
    seed: int
    split: str

    @property
    def model(self) -> str:
        """The folder of the training: its name and seed."""
        return f"{self.detector.label}-seed{self.seed}" if self.detector.baseline else self.detector.label

    @property
    def run(self) -> str:
        """The folder of the run."""
        return f"{self.model}-{self.split}"


def _check_name(name: str, where: str) -> None:
    """Refuse what is no name of a folder inside another."""
    if not name or name.startswith(".") or "/" in name or "\\" in name or not name.isprintable():
        remedy = "give a name without / and \\ that does not begin with a dot"
        raise ConfigError(f"{name!r} makes no folder", where=where, remedy=remedy)


def _check_setting(key: str, where: str) -> None:
    """Refuse a setting that the plan or the command decides."""
    if key in _BESIDE:
        raise ConfigError(f"'{key}' is none of the settings", where=where, remedy=f"give {_BESIDE[key]}: beside them")
    if key in _ARGUMENTS:
        remedy = "leave it out; the options of the command are for the whole matrix"
        raise ConfigError(f"'{key}' is none of the settings", where=where, remedy=remedy)


def matrix_names() -> list[str]:
    """The matrices that come with the package."""
    return sorted(path.stem for path in (share_dir("configs") / "benchmarks").glob("*.yaml"))


def load_matrix(plan: str | Path) -> MatrixPlan:
    """A matrix by its name in configs/benchmarks, or from a YAML file.

    Raises:
        ConfigError: there is none of that name, or the file is not as it should be.
    """
    text = str(plan)
    path = Path(text) if text.endswith((".yaml", ".yml")) else share_dir("configs") / "benchmarks" / f"{text}.yaml"
    try:
        data = path.read_bytes()
    except OSError:
        near = difflib.get_close_matches(text, matrix_names(), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        remedy = f"{hint}choose from {', '.join(matrix_names())}, or give a YAML file"
        raise ConfigError("no such benchmark plan", where=plan, remedy=remedy) from None
    try:
        return decode_yaml(data, MatrixPlan)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ConfigError(str(error), where=path, remedy=field_remedy(error, MatrixPlan)) from None
