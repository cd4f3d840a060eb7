"""What of a matrix is wrong, as far as can be known before its first run begins."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from wutdet.benchmark.matrix_plan import MatrixDetector, MatrixPlan
from wutdet.benchmark.weather import check_cameras, make_weather
from wutdet.dataset import Dataset
from wutdet.detectors import load_detector
from wutdet.detectors.checkpoint import check_checkpoint
from wutdet.detectors.runtime import import_ultralytics
from wutdet.errors import ConfigError
from wutdet.training import BaselineConfig, load_baseline
from wutdet.training.overrides import apply_overrides, check_settings, known_settings
from wutdet.training.start_weights import check_weights, names_a_download, with_weights


def check_matrix(plan: MatrixPlan, splits: Collection[Dataset], *, trust_weights: bool = False, **options: Any) -> None:
    """Refuse weather, a detector or a baseline that no run could use.

    Args:
        plan: what is to be run.
        splits: on which frames.
        trust_weights: load a `.pt` file although it names code that no detector needs.
        **options: of `wutdet.benchmark`, of which those of the weather are looked at.

    Raises:
        WutdetError: the first that is wrong.
    """
    given = {name: options.get(name) for name in ("camera", "cameras", "ambient", "severities")}
    weather = make_weather(plan.scenarios, **given, seed=plan.seed)
    for split in splits:
        check_cameras(weather.cameras, split)
    for one in plan.detectors:
        if one.detector is not None:
            _check_detector(one.detector, trust_weights)
    _check_baselines([one for one in plan.detectors if one.baseline is not None], trust_weights)


def _check_detector(spec: str, trust_weights: bool) -> None:
    """Weights are not loaded: it takes long, and their own run does."""
    path = Path(spec)
    if not path.exists():
        load_detector(spec)
    elif path.suffix == ".pt" and not trust_weights:
        check_checkpoint(path)


def _check_baselines(baselines: Collection[MatrixDetector], trust_weights: bool) -> None:
    configs = [(one, _config(one)) for one in baselines]
    for _, config in configs:
        check_weights(config, trusted=trust_weights)
    if configs:  # ultralytics reads once whether it may download, so one that has to settles it for all
        import_ultralytics(online=any(names_a_download(config) for _, config in configs))
    for one, config in configs:
        check_settings(apply_overrides(config, one.settings, known=known_settings()))


def _config(one: MatrixDetector) -> BaselineConfig:
    """A detector's baseline with the weights that the plan names."""
    config = load_baseline(one.baseline or "")
    if one.seeds is None and config.seed != 0:
        what = f"the baseline's seed {config.seed} would be replaced by 0"
        raise ConfigError(what, where=one.where, remedy=f"give seeds: [{config.seed}]")
    return with_weights(config, one.weights)
