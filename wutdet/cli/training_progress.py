"""A training with a progress bar of its epochs, and of the frames that are cut into tiles for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wutdet.cli.output import counted, note, progress_of, warn

if TYPE_CHECKING:
    from wutdet.dataset import Dataset
    from wutdet.training import BaselineConfig, Epoch, TrainedRun


def train_with_progress(
    config: BaselineConfig,
    dataset: Dataset,
    *,
    out: Path,
    device: str,
    threads: int | None,
    trust_weights: bool,
    on_error: Literal["stop", "skip"],
    overrides: Mapping[str, Any],
) -> TrainedRun:
    """Train as `wutdet.train` does, showing on stderr how far it is."""
    from wutdet.training import train, trains_on_tiles

    if "val" not in dataset.splits:
        warn("there is no split 'val': the last epoch's weights are the result")
    epochs = {f"training {config.name}": int(overrides.get("epochs") or config.epochs)}
    frames = {"cutting tiles": _frames_to_cut(dataset)} if trains_on_tiles(config, overrides) else {}
    with progress_of(frames | epochs) as (*cutting, advance):
        shown = 0

        def on_epoch(epoch: Epoch) -> None:
            nonlocal shown
            advance(epoch.number - shown)  # a resumed training begins where it was
            shown = epoch.number
            if epoch.map50 is not None:
                note(f"epoch {epoch.number}: mAP50 on val {epoch.map50:.3f} (ultralytics)")

        run = train(
            config,
            dataset,
            out=out,
            device=device,
            threads=threads,
            trust_weights=trust_weights,
            on_error=on_error,
            on_epoch=on_epoch,
            advance_tiles=cutting[0] if cutting else lambda _: None,
            **overrides,
        )
    if run.epochs_before:
        note(f"{run.epochs_before} of {counted(run.config.epochs, 'epoch')} trained before")
    return run


def _frames_to_cut(dataset: Dataset) -> int:
    return sum(not {"train", "val"}.isdisjoint(splits) for splits in dataset.images["splits"])
