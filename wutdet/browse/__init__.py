"""Look at a dataset and at what detectors made of it, in FiftyOne (extra `browse`; imported when first used)."""

from wutdet.browse.app import open_app
from wutdet.browse.evidence import BoxesWithScores
from wutdet.browse.import_labels import import_labels
from wutdet.browse.names import prediction_field
from wutdet.browse.reading import from_fiftyone
from wutdet.browse.renders import render_for_browsing
from wutdet.browse.samples import to_fiftyone

__all__ = [
    "BoxesWithScores",
    "from_fiftyone",
    "import_labels",
    "open_app",
    "prediction_field",
    "render_for_browsing",
    "to_fiftyone",
]
