"""What a weather transform asks of albumentations, for both of its two ways of drawing parameters.

albumentations 2.0.8 calls `get_params_dependent_on_data` and keeps random state on the transform; AlbumentationsX from
2.1 on calls `sample_parameters` with the state of the call, and refuses classes that define the older method.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import numpy as np

from wutdet.errors import DataError, MissingExtraError
from wutdet.scenarios.camera import Camera
from wutdet.scenarios.draws import RANGE_RULES, draw_value
from wutdet.scenarios.horizon import Horizon
from wutdet.scenarios.light import Image
from wutdet.scenarios.scene import prepare


def _albumentations() -> Any:
    """Whichever albumentations is installed, told not to ask the network for a newer version of itself.

    Raises:
        MissingExtraError: there is none.
    """
    if importlib.util.find_spec("albumentations") is None:
        raise MissingExtraError("albumentations", "augment")
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    return importlib.import_module("albumentations")


A = _albumentations()
_ImageOnly: Any = A.ImageOnlyTransform

_DECIMALS: Final = 3  # of pixels: undoes what single precision did to a border between two


class _Weather(_ImageOnly):  # type: ignore[misc]  # Any: whichever albumentations is installed
    """Draws a value of `kind` from `bounds`, and renders it."""

    kind: ClassVar[str]
    bounds: tuple[float, float]
    camera_height_m: float
    hfov_deg: float

    @property
    def available_keys(self) -> set[str]:
        """What it reads; a strict Compose refuses other names."""
        return {*super().available_keys, "bboxes", "horizon", "key"}

    def get_transform_init_args_names(self) -> tuple[str, ...]:
        """The arguments that a saved pipeline holds."""
        return (RANGE_RULES[self.kind].parameter, "camera_height_m", "hfov_deg")

    def drawn(self, data: Mapping[str, Any], py_random: Any) -> dict[str, Any]:
        """What one call renders: a value, and the facts of the frame, as plain numbers that a replay can be stored of.

        Raises:
            DataError: boxes came without `bbox_params`, or a fact is malformed.
        """
        value = draw_value(self.kind, self.bounds, py_random.random())
        spare_key = f"{py_random.getrandbits(64):016x}"  # drawn even if unused: a key must not change later draws
        key = data.get("key")
        return {
            "value": value,
            "key": spare_key if key is None else str(key),
            "horizon": _horizon(data.get("horizon")),
            "boxes": self._boxes_px(data),
        }

    def apply(self, img: Image, **params: Any) -> Image:
        """The frame with the weather that was drawn.

        Raises:
            DataError: the image is not uint8 RGB.
        """
        scene = prepare(
            img,
            key=params["key"],
            boxes=params["boxes"],
            horizon=None if params["horizon"] is None else Horizon(*params["horizon"]),
            camera=Camera(self.camera_height_m, self.hfov_deg),
        )
        return scene.render_values({self.kind: params["value"]}).image

    def _boxes_px(self, data: Mapping[str, Any]) -> list[list[float]] | None:
        """The ships, xyxy in pixels; the Compose hands them over normalised, in single precision."""
        boxes = data.get("bboxes")
        if boxes is None or len(boxes) == 0 or "image" not in data:
            return None
        processor = self.get_processor("bboxes")
        if processor is None or getattr(processor.params, "bbox_type", "hbb") != "hbb":
            raise DataError(
                "these boxes cannot be read",
                where="bboxes",
                remedy="use A.Compose with bbox_params of upright boxes, or leave bboxes out",
            )
        height, width = data["image"].shape[:2]
        edges = np.asarray(boxes, dtype=object)[:, :4].astype(np.float64)
        edges_px: list[list[float]] = (edges * (width, height, width, height)).round(_DECIMALS).tolist()
        return edges_px


if hasattr(A.BasicTransform, "sample_parameters"):

    class WeatherBase(_Weather):
        """Over AlbumentationsX."""

        def sample_parameters(
            self,
            params: dict[str, Any],
            data: dict[str, Any],
            targets: Any,
            sampling: Any,
        ) -> Any:
            """Draw, and note the value as the range it would take to draw it again."""
            del params, targets
            drawn = self.drawn(data, sampling.py_random)
            sampling.applied_overrides[RANGE_RULES[self.kind].parameter] = (drawn["value"], drawn["value"])
            return A.SampledParams(params=drawn)

else:

    class WeatherBase(_Weather):  # type: ignore[no-redef]
        """Over albumentations 2.0."""

        def get_params_dependent_on_data(
            self,
            params: dict[str, Any],
            data: dict[str, Any],
        ) -> dict[str, Any]:
            """Draw."""
            del params
            return self.drawn(data, self.py_random)


def _horizon(given: Any) -> tuple[float, float] | None:
    """The rows at the left and the right edge, from these or from one row."""
    if given is None:
        return None
    try:
        rows = np.asarray(given, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        rows = np.empty(0)
    if len(rows) not in (1, 2):
        raise DataError(f"{given!r} is no horizon", where="horizon", remedy="give a row, or (row_left, row_right)")
    line = Horizon(float(rows[0]), float(rows[-1]))
    return line.row_left, line.row_right
