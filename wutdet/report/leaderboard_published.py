"""Numbers that others published: each with its source, and with what the source leaves unsaid."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec

from wutdet.errors import DataError
from wutdet.yaml_text import decode_yaml

PUBLISHED_NAME: Final = "published.yaml"

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Words = Annotated[str, msgspec.Meta(min_length=1)]


class PublishedNumbers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """COCO's numbers as fractions of 1; None where no figure is known."""

    AP: Share | None = None
    AP50: Share | None = None
    AP75: Share | None = None
    AP_small: Share | None = None
    AP_medium: Share | None = None
    AP_large: Share | None = None


class Published(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a source says about one model, or about several that it does not tell apart."""

    model: Words
    data: Words
    """What it was trained and measured on."""
    numbers: PublishedNumbers
    source: Words
    """Where it stands, and which part of that was read."""
    said: str = ""
    """What the source says in words, where it gives no figure."""
    not_stated: list[Words]
    """What one would have to know to repeat the number, and does not find in what was read."""


def read_published(folder: Path) -> list[Published]:
    """The published numbers beside recorded baselines; none where there is no such file.

    Raises:
        DataError: the file is not as it should be; the message names the field.
    """
    path = folder / PUBLISHED_NAME
    try:
        return decode_yaml(path.read_bytes(), list[Published])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(str(error), where=path, remedy="correct the field it names") from None
