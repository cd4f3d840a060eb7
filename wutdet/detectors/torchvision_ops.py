"""Make `import torchvision` work where its compiled operators cannot load.

A CPU build of torch beside a torchvision built for CUDA is common (an index served one of each). Then torchvision
fails to import with "operator torchvision::nms does not exist". Detection needs one of those operators, `nms`; it
is defined here over OpenCV's, and only when torchvision's own cannot load.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wutdet.detectors.suppression import suppress

if TYPE_CHECKING:
    from torch import Tensor

_library: Any = None
"""The registration; it lasts as long as this object does."""


def ensure_torchvision() -> bool:
    """Import torchvision, replacing its `nms` when the compiled operators cannot load.

    Returns:
        Whether the replacement is in use. It is said once, on stderr.
    """
    global _library
    if _library is not None:
        return True
    if "torchvision" in sys.modules or _compiled_operators_load():
        return False
    from torch.library import Library

    _library = Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in ("nms", "qnms"):  # torchvision registers shapes for both while it is imported
        _library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _library.impl("nms", nms, "CPU")
    import torchvision

    torchvision.extension._has_ops = lambda: True
    print("wutdet: torchvision's compiled operators do not load here; using OpenCV's NMS", file=sys.stderr)
    return True


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Greedy non-maximum suppression, as `torchvision.ops.nms`.

    Args:
        boxes: (N, 4) xyxy.
        scores: (N,).
        iou_threshold: boxes that overlap a better one by more than this are dropped.

    Returns:
        Indices of the kept boxes, int64, best score first.
    """
    import torch

    if boxes.shape[0] == 0:
        return torch.empty(0, dtype=torch.int64)
    kept = suppress(boxes.detach().numpy().astype(np.float64), scores.detach().numpy(), iou_threshold)
    return torch.as_tensor(kept)


def _compiled_operators_load() -> bool:
    """Whether torchvision's operator library loads, tried as torchvision itself does, without importing it."""
    import torch

    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return True
    libraries = [path for path in Path(spec.origin).parent.glob("_C*") if path.suffix in (".so", ".pyd")]
    try:
        for library in libraries:
            torch.ops.load_library(str(library))  # type: ignore[no-untyped-call]
    except OSError:
        return False
    return bool(libraries)
