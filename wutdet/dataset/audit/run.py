"""Look at a dataset and say everything that is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec
import numpy as np

from wutdet.dataset.audit.beside import check_sidecar
from wutdet.dataset.audit.boxes import check_boxes
from wutdet.dataset.audit.findings import Finding, finding, in_order
from wutdet.dataset.audit.ids import check_ids
from wutdet.dataset.audit.image_checks import ImageChecks, check_images, named_files
from wutdet.dataset.audit.labels import Labels
from wutdet.dataset.audit.read_labels import existing_lists, read_labels
from wutdet.dataset.audit.repair import repair
from wutdet.dataset.audit.result import Audit
from wutdet.dataset.audit.similar import Alike, hash_and_compare, image_dataset, leakage_findings, measure
from wutdet.dataset.files import Placement
from wutdet.dataset.splitting.hashes import NEAR_BITS, FrameHashes
from wutdet.dataset.splitting.leakage import Leakage
from wutdet.dataset.voc import OriginChoice
from wutdet.errors import ConfigError

Stage = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Called with a title and a number of steps; gives what to call with the number of steps done."""


def audit(
    data: str | Path,
    *,
    images: str | Path | None = None,
    splits: str | Path | None = None,
    voc_origin: OriginChoice = "auto",
    classes: Mapping[str, str] | None = None,
    look_at_images: bool = True,
    hashes: bool = True,
    decode: bool = False,
    radius: int | None = None,
    fix: str | Path | None = None,
    placement: Placement = "copy",
    stage: Stage | None = None,
) -> Audit:
    """Find everything that is wrong with a part in the WUTDet layout, or with COCO JSON.

    Nothing that is found ends the audit or hides another finding. The data are only read; hashes may be kept in
    a cache (see `hash_frames`).

    Args:
        data: a folder with `voc/Annotations` (or `Annotations`) or with `annotations/*.json`, or a COCO file.
        images: the image folder, when it is not where the layout has it.
        splits: a folder of `{split}.txt` lists that replace the splits the data comes with.
        voc_origin: pixel origin of VOC boxes: `1`, `0`, `0x`, or `auto` to decide from the data.
        classes: other class names, mapped to `ship`, or to "" to drop their boxes.
        look_at_images: read the header and end of every image; False looks at labels only.
        hashes: find near-duplicates, which decodes every image at a reduced scale.
        decode: decode every image strictly.
        radius: bits up to which two hashes are near-duplicates; None for the usual (`NEAR_BITS`).
        fix: a new folder for a repaired copy, in the layout of the data; see `repair`.
        placement: whether the copy holds its images or links to them.
        stage: told what goes on.

    Raises:
        DataError: there is nothing to look at, or the copy cannot be written.
        ConfigError: a copy is asked for without looking at images.
    """
    if fix is not None and not look_at_images:
        what = "a repair needs to look at the images"
        raise ConfigError(what, where="--fix", remedy="leave out --no-images")
    begin = stage or _silent
    bits = NEAR_BITS if radius is None else radius
    labels = read_labels(
        Path(data),
        images=None if images is None else Path(images),
        lists=None if splits is None else existing_lists(Path(splits)),
        origin=voc_origin,
        classes=classes or {},
        need_images=look_at_images,
    )
    found = [*labels.findings, *check_boxes(labels), *_without_ships(labels)]
    found += check_ids(_safe_names(labels))
    found += check_sidecar(labels)
    checks = None
    if look_at_images:
        with begin("looking at images", len(named_files(labels))) as advance:
            checks = check_images(labels, decode=decode, advance=advance)
        found += checks.findings
    alike, leakage = None, {}
    dataset = image_dataset(labels, _readable(checks))
    known: FrameHashes | None = None
    if look_at_images and hashes and len(dataset):
        with begin("hashing images", len(dataset)) as advance:
            known, alike = hash_and_compare(dataset, bits, advance)
        found += [finding("unreadable-image", name, "cannot be decoded") for name in alike.unread]
    if len(dataset):
        leakage = measure(dataset, known, bits)
        found += leakage_findings(leakage)
    found = in_order(found)
    result = _summary(labels, found, alike, leakage, bits, images_checked=look_at_images)
    if fix is None or checks is None:
        return result
    with begin("writing the copy", len(named_files(labels))) as advance:
        done = repair(labels, checks, found, Path(fix), placement=placement, advance=advance)
    return msgspec.structs.replace(result, repair=done)


def _summary(
    labels: Labels,
    found: Sequence[Finding],
    alike: Alike | None,
    leakage: Mapping[str, Leakage],
    bits: int,
    *,
    images_checked: bool,
) -> Audit:
    return Audit(
        errors=[item for item in found if item.severity == "error"],
        warnings=[item for item in found if item.severity == "warning"],
        infos=[item for item in found if item.severity == "info"],
        counts=dict(Counter(item.code for item in found)),
        name=labels.name,
        images=labels.frames["name"].n_unique(),
        boxes=sum(labels.classes.values()),
        classes=dict(labels.classes),
        voc_origin=labels.origin,
        voc_evidence=labels.evidence,
        images_checked=images_checked,
        hash_radius=None if alike is None else bits,
        near_duplicates=[] if alike is None else alike.pairs,
        near_duplicate_pairs=None if alike is None else alike.count,
        near_duplicate_frames=None if alike is None else alike.frames,
        leakage=dict(leakage),
    )


def _safe_names(labels: Labels) -> list[str]:
    """What the frames are called, each once; in COCO without names that lead out of the image folder."""
    frames = labels.frames.drop_nulls("file_name") if labels.layout == "coco" else labels.frames
    return list(dict.fromkeys(frames["name"]))


def _without_ships(labels: Labels) -> Iterator[Finding]:
    """Frames whose labels were read and hold no box."""
    known = labels.frames["width"].is_not_null().to_numpy()
    empty = np.ones(labels.frames.height, np.bool_)
    empty[labels.boxes["frame"].to_numpy()] = False
    names = labels.frames["name"].to_list()
    for row in np.flatnonzero(empty & known).tolist():
        yield finding("frame-without-ships", names[row], "no ship is labelled")


def _readable(checks: ImageChecks | None) -> set[str] | None:
    """The names of whole images; None where no image was looked at."""
    return None if checks is None else {name for name, look in checks.looks.items() if look.size is not None}


@contextmanager
def _silent(_title: str, _steps: int) -> Iterator[Callable[[int], None]]:
    yield lambda _: None
