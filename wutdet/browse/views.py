"""The views that a dataset comes with in FiftyOne."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from wutdet.browse.labels import GROUND_TRUTH

SMALL_SHIPS: Final = "small ships"
_SMALL_BELOW_PX2: Final = 32.0**2  # COCO's bound for small objects


def save_views(fo: Any, made: Any, splits: Iterable[str]) -> None:
    """Save `small ships` (frames with ships under 32² px, and only those ships) and one view a split."""
    small = made.filter_labels(GROUND_TRUTH, fo.ViewField("area_px2") < _SMALL_BELOW_PX2)
    made.save_view(SMALL_SHIPS, small, description="Ground truth under 32² px")
    for split in splits:
        made.save_view(f"split {split}", made.match_tags(split), description=f"Frames of the split '{split}'")


def show_first(fo: Any, made: Any, fields: list[str]) -> None:
    """Let the App open with these fields on; all at once, twenty scenarios of detections hide the picture."""
    made.app_config.active_fields = fo.ActiveFields(paths=fields)
    made.save()
