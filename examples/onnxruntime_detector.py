# SPDX-License-Identifier: Apache-2.0
"""A detector of your own for wutdet: an ONNX file through onnxruntime, without ultralytics and without torch.

    pip install wutdet onnxruntime
    export SHIP_ONNX=best.onnx SHIP_CLASSES=ship,boat
    PYTHONPATH=examples wutdet benchmark DATA --detector onnxruntime_detector:make --out run

It reads what YOLO models of two kinds give: (1, 4 + classes, N) with centres and sizes, which need suppression, and
(1, N, 6) with corners, score and class, which do not. A network of another kind needs its own `_decoded`.
"""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from msgspec import structs
from numpy.typing import NDArray

from wutdet.detectors import Detections, DetectorInfo, InferenceProtocol
from wutdet.errors import ConfigError

STRIDE = 32


def make() -> OnnxDetector:
    """What `--detector onnxruntime_detector:make` names: the file and its classes come from the environment."""
    path = Path(os.environ.get("SHIP_ONNX", "best.onnx"))
    if not path.is_file():
        raise ConfigError("no such file", where=path, remedy="set SHIP_ONNX to an ONNX file")
    return load(path, os.environ.get("SHIP_CLASSES", "ship").split(","))


def load(path: Path, classes: Sequence[str], protocol: InferenceProtocol | None = None) -> OnnxDetector:
    """A detector from an ONNX file; its metadata name the classes and the input it was exported for."""
    session = _session(path)
    metadata = session.get_modelmeta().custom_metadata_map
    names: dict[int, str] = ast.literal_eval(metadata.get("names", "{}")) or {0: "ship"}
    wanted = [number for number, name in names.items() if name in classes]
    if not wanted:
        raise _no_class(path, classes, list(names.values()))
    fixed = [side for side in session.get_inputs()[0].shape[2:] if isinstance(side, int)]
    exported = max(fixed or ast.literal_eval(metadata.get("imgsz", "[640]")))
    how = protocol or InferenceProtocol()
    info = DetectorInfo(
        name=path.name,
        weights_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        protocol=structs.replace(how, imgsz=how.imgsz or exported),
    )
    return OnnxDetector(session, wanted, (fixed[0], fixed[1]) if fixed else None, info)


def _session(path: Path) -> Any:
    try:
        return onnxruntime.InferenceSession(str(path), providers=onnxruntime.get_available_providers())
    except Exception as error:  # noqa: BLE001 — onnxruntime has a kind for each of its codes, of no other base
        reason = " ".join(str(error).rpartition(" : ")[2].split())[:120].rstrip(".")
        raise ConfigError(f"onnxruntime cannot load it ({reason})", where=path, remedy="check the file") from None


def _no_class(path: Path, wanted: Sequence[str], names: Sequence[str]) -> ConfigError:
    shown = ", ".join(names[:9]) + (", …" if len(names) > 9 else "")
    remedy = "set SHIP_CLASSES to names of ships among them"
    if "boat" in names:
        remedy = "set SHIP_CLASSES=boat, which it has"
    return ConfigError(f"has no class {', '.join(wanted)} (it has {shown})", where=path, remedy=remedy)


@dataclass(frozen=True)
class OnnxDetector:
    """A session, the numbers of its ship classes, its input (height, width) if that is fixed, and what it is."""

    session: Any
    classes: list[int]
    fixed: tuple[int, int] | None
    info: DetectorInfo

    def at(self, imgsz: int) -> OnnxDetector:
        """The same network at another input size: wutdet asks for it to look at tiles."""
        if self.fixed and imgsz != max(self.fixed):
            what = f"takes {max(self.fixed)} px, not {imgsz}"
            raise ConfigError(what, where=self.info.name, remedy="export it with dynamic axes")
        return replace(self, info=structs.replace(self.info, protocol=structs.replace(self._how, imgsz=imgsz)))

    def __call__(self, frames: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        """Detections of RGB uint8 (H, W, 3) frames, one after the other."""
        return [self._found(frame) for frame in frames]

    @property
    def _how(self) -> InferenceProtocol:
        return self.info.protocol or InferenceProtocol()

    def _found(self, frame: NDArray[np.uint8]) -> Detections:
        height, width = frame.shape[:2]
        image, ratio, left, top = letterbox(frame, self._how.imgsz or 640, self.fixed)
        planes = image.transpose(2, 0, 1)[None].astype(np.float32) / 255.0
        output = self.session.run(None, {self.session.get_inputs()[0].name: planes})[0][0]
        xyxy, scores, suppressed = self._decoded(output)
        best = np.argsort(-scores, kind="stable")
        xyxy, scores = xyxy[best], scores[best]
        if not suppressed and len(xyxy):
            xywh = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)
            kept = cv2.dnn.NMSBoxes(xywh.tolist(), scores.tolist(), 0.0, self._how.nms_iou)
            xyxy, scores = xyxy[np.asarray(kept, int)], scores[np.asarray(kept, int)]
        xyxy = (xyxy - (left, top, left, top)) / ratio
        xyxy = xyxy.clip(0, (width, height, width, height))
        xyxy[:, 2:] = np.maximum(xyxy[:, 2:], xyxy[:, :2])  # nothing keeps YOLO26's distances above 0
        return Detections(xyxy[: self._how.max_det], scores[: self._how.max_det])

    def _decoded(self, output: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
        """Corners in pixels of the input, scores, and whether the network suppressed duplicates itself."""
        if output.shape[1] == 6:
            ships = np.isin(output[:, 5], self.classes) & (output[:, 4] > self._how.confidence)
            return output[ships, :4].astype(np.float64), output[ships, 4].astype(np.float64), True
        table = output.T.astype(np.float64)
        of_classes = table[:, 4:]
        ships = np.isin(of_classes.argmax(axis=1), self.classes) & (of_classes.max(axis=1) > self._how.confidence)
        centres, sizes = table[ships, :2], table[ships, 2:4]
        return np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1), of_classes[ships].max(axis=1), False


def letterbox(
    frame: NDArray[np.uint8], imgsz: int, fixed: tuple[int, int] | None
) -> tuple[NDArray[np.uint8], float, int, int]:
    """The frame in the network's input: as large as fits, in the middle of grey.

    Returns:
        The input, its scale to the frame, and where the frame's corner lies in it: x and y.
    """
    height, width = frame.shape[:2]
    down, across = fixed or (imgsz, imgsz)
    ratio = min(down / height, across / width)
    h, w = round(height * ratio), round(width * ratio)
    if fixed is None:  # no more grey than the stride needs
        down, across = -(-h // STRIDE) * STRIDE, -(-w // STRIDE) * STRIDE
    left, top = (across - w) // 2, (down - h) // 2
    image = np.full((down, across, 3), 114, np.uint8)
    image[top : top + h, left : left + w] = cv2.resize(frame, (w, h), interpolation=cv2.INTER_LINEAR)
    return image, ratio, left, top
