"""Look at a dataset and at what detectors made of it, in FiftyOne (extra `browse`; imported when first used)."""

from wutdet.browse.app import open_app
from wutdet.browse.labels import BoxesWithScores, prediction_field
from wutdet.browse.samples import to_fiftyone

__all__ = ["BoxesWithScores", "open_app", "prediction_field", "to_fiftyone"]
