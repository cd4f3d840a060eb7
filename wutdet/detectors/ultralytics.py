"""Any model that ultralytics runs, as a detector."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wutdet.detectors.base import Detections, DetectorInfo, InferenceProtocol
from wutdet.detectors.exports import check_input_px, digest, exported_px, first_prediction, is_network
from wutdet.detectors.runtime import default_threads, set_torch_threads
from wutdet.detectors.suppression import suppress
from wutdet.detectors.weights_file import check_weights_file, load_weights
from wutdet.errors import ConfigError

_SHIP = "ship"
_STAGES = {"preprocess": "preprocess", "infer": "inference", "postprocess": "postprocess"}


class UltralyticsDetector:
    """Ultralytics weights as a detector of ships.

    Ultralytics takes BGR frames; they are turned at this border.
    """

    def __init__(
        self,
        weights: str | Path,
        *,
        protocol: InferenceProtocol | None = None,
        classes: Mapping[str, str] | None = None,
        device: str = "cpu",
        threads: int | None = None,
        trust_weights: bool = False,
    ) -> None:
        """Load the weights and find which of their classes are ships.

        Args:
            weights: a file that ultralytics loads, or the file or folder of one of its exports.
            protocol: thresholds and image size; the size the model was trained or exported at when it names none.
            classes: the model's class names that count as `ship`, such as `{"boat": "ship"}`.
            device: as ultralytics names them: `cpu`, `0`, `mps`.
            threads: torch threads on the CPU; all cores by default. Exports run in threads of their own.
            trust_weights: load a `.pt` file although it names code that no detector needs.

        Raises:
            ConfigError: the file is missing or no model, none of its classes is a ship, there is no such device, or
                an export needs a package that is not installed or another input size.
            MissingExtraError: ultralytics is not installed.
        """
        path = Path(weights)
        check_weights_file(path, trust_weights=trust_weights)
        self._path = path
        self._model = load_weights(path, device, trust_weights=trust_weights)
        self._device = device
        self._threads = threads or default_threads()
        wanted = _decided(protocol or InferenceProtocol())
        imgsz = wanted.imgsz or _trained_imgsz(self._model)
        self._protocol = msgspec.structs.replace(wanted, imgsz=imgsz)
        self._ship_classes: list[int] | None = None
        # Sets the model up, which resets the threads; an export is loaded here, and says only then what it is.
        blank = [np.zeros((64, 64, 3), np.uint8)]
        first_prediction(self._model, path, source=blank, **self._arguments())
        if wanted.imgsz is None:
            self._protocol = msgspec.structs.replace(wanted, imgsz=exported_px(self._model) or imgsz)
        names = self._model.names if is_network(self._model.model) else self._model.predictor.model.names
        self._ship_classes = ship_classes(names, classes or {}, where=path)
        self._stage_s: dict[str, float] = {}
        self._info = DetectorInfo(
            name=_name(path),
            weights_sha256=digest(path),
            device=device,
            ship_classes=tuple(names[one] for one in self._ship_classes) if self._has_several else msgspec.UNSET,
        )
        self._info = self._described()

    @property
    def info(self) -> DetectorInfo:
        """Name, weights, size and protocol."""
        return self._info

    @property
    def stage_s(self) -> dict[str, float]:
        """Seconds of `preprocess`, `infer` and `postprocess`, of all frames of the last call together."""
        return dict(self._stage_s)

    def at(self, imgsz: int, /) -> UltralyticsDetector:
        """The same network, with another longer side of its input, px.

        Raises:
            ConfigError: it is an export of a fixed size.
        """
        other = copy.copy(self)
        other._protocol = msgspec.structs.replace(self._protocol, imgsz=imgsz)
        other._info = other._described()
        return other

    def __call__(self, frames: Sequence[NDArray[np.uint8]], /) -> list[Detections]:
        """Detections of each RGB uint8 (H, W, 3) frame, computed as one batch."""
        set_torch_threads(self._threads)
        bgr = [np.ascontiguousarray(frame[:, :, ::-1]) for frame in frames]
        results = self._model.predict(bgr, **self._arguments())
        self._stage_s = {
            name: sum(result.speed[theirs] for result in results) / 1000.0 for name, theirs in _STAGES.items()
        }
        found = [_detections(result) for result in results]
        return [_once(one, self._protocol.nms_iou or 0.0) for one in found] if self._has_several else found

    @property
    def _has_several(self) -> bool:
        """Whether several classes are ships, of which one vessel may be found as two."""
        return len(self._ship_classes or ()) > 1

    def _arguments(self) -> dict[str, Any]:
        """Of ultralytics' `predict`."""
        return {
            "imgsz": self._protocol.imgsz,
            "conf": self._protocol.confidence,
            "iou": self._protocol.nms_iou,
            "agnostic_nms": self._has_several,
            "max_det": self._protocol.max_det,
            "classes": self._ship_classes,
            "device": self._device,
            "verbose": False,
            "save": False,
        }

    def _described(self) -> DetectorInfo:
        """The info at the input size of the protocol.

        Raises:
            ConfigError: it is an export of another size that is fixed.
        """
        imgsz = self._protocol.imgsz or 0
        check_input_px(self._model, imgsz, self._path)
        parameters, gflops = _size_of(self._model, imgsz)
        threads = self._threads if is_network(self._model.model) else None
        return msgspec.structs.replace(
            self._info, protocol=self._protocol, parameters=parameters, gflops=gflops, threads=threads
        )


def ship_classes(names: Mapping[int, str], classes: Mapping[str, str], *, where: Path) -> list[int]:
    """The numbers of a model's classes that are ships.

    Raises:
        ConfigError: there is none; the message shows what the model has.
    """
    found = [number for number, name in names.items() if name == _SHIP or classes.get(name) == _SHIP]
    if not found:
        shown = ", ".join(list(names.values())[:9]) + (", …" if len(names) > 9 else "")
        remedy = "map one with --classes NAME=ship, such as boat=ship"
        raise ConfigError(f"the detector has no class 'ship' (it has {shown})", where=where, remedy=remedy)
    return found


def _name(path: Path) -> str:
    """The file's name, with the training's folder in place of a stem that all trainings write.

    `runs/y11n/weights.pt` beside a manifest is y11n.pt; ultralytics writes `runs/y11n/weights/best.pt`.
    """
    folder = path.parent.resolve()
    ours = re.match(r"weights(?=[._])", path.name) if (folder / "manifest.json").is_file() else None
    theirs = re.match(r"(best|last)(?=[._])", path.name) if folder.name == "weights" else None
    if ours:
        return folder.name + path.name[ours.end() :]
    return folder.parent.name + path.name[theirs.end() :] if theirs else path.name


def _decided(protocol: InferenceProtocol) -> InferenceProtocol:
    """The protocol with our values where it leaves them to the detector: ultralytics' are for looking at."""
    ours = InferenceProtocol()
    left = [name for name in ("confidence", "nms_iou", "max_det") if getattr(protocol, name) is None]
    return msgspec.structs.replace(protocol, **{name: getattr(ours, name) for name in left})


def _trained_imgsz(model: Any) -> int:
    arguments = getattr(getattr(model, "model", None), "args", None)
    size = arguments.get("imgsz", 640) if isinstance(arguments, dict) else 640
    return int(size if isinstance(size, (int, float)) else max(size))


def _size_of(model: Any, imgsz: int) -> tuple[int | None, float | None]:
    """Parameters and GFLOPs at a square input of this size; None for exported formats."""
    network = model.model
    if not is_network(network):
        return None, None
    from ultralytics.utils.torch_utils import get_flops

    parameters = sum(parameter.numel() for parameter in network.parameters())
    gflops = float(get_flops(network, imgsz))
    return parameters, round(gflops, 3) if gflops > 0 else None


def _detections(result: Any) -> Detections:
    xyxy = result.boxes.xyxy.cpu().numpy().astype(np.float64).reshape(-1, 4)
    # YOLO26 predicts edges as distances that nothing keeps above 0: such a box is empty, and a false alarm.
    xyxy[:, 2:] = np.maximum(xyxy[:, 2:], xyxy[:, :2])
    scores = result.boxes.conf.cpu().numpy().astype(np.float64)
    order = np.argsort(-scores, kind="stable")
    return Detections(xyxy[order], scores[order])


def _once(found: Detections, iou: float) -> Detections:
    """Of boxes that overlap by more than this the best, as networks that suppress nothing leave it to the caller."""
    kept = suppress(found.xyxy, found.scores, iou)
    return Detections(found.xyxy[kept], found.scores[kept])
