"""What a matrix of runs is: detectors × seeds × splits, each in the same weather."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from wutdet.detectors import InferenceProtocol, Tiling
from wutdet.errors import ConfigError
from wutdet.resources import share_dir
from wutdet.training.field_hints import field_remedy
from wutdet.yaml_text import decode_yaml


class MatrixDetector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One detector of a matrix: a baseline that is trained, or one that is there.

    Raises:
        ConfigError: it names none or both, or seeds for one that is not trained.
    """

    baseline: str | None = None
    """A name in configs/baselines, or a YAML file: trained where it is missing."""
    detector: str | None = None
    """Weights, or `pkg.module:factory`."""
    name: str | None = None
    """In tables and folders; None is the baseline's name, or the stem of the weights."""
    seeds: Annotated[tuple[int, ...], msgspec.Meta(min_length=1)] = (0,)
    """Of the training, one run each."""
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
        if self.detector is not None and (len(self.seeds) > 1 or self.weights or self.settings):
            what = "seeds, weights and settings are of a baseline that is trained"
            raise ConfigError(what, where=f"detectors: {self.detector}", remedy="leave them out")
        if len(set(self.seeds)) < len(self.seeds):
            raise ConfigError("a seed comes twice", where=f"detectors: {self.label}", remedy="give each once")

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
        ConfigError: two detectors have one name.
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

    def cells(self) -> Iterator[MatrixCell]:
        """Every run, in order."""
        for detector in self.detectors:
            for seed in detector.seeds:
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
