"""Where the data comes from: the registry of parts, their download, and the safe unpacking of archives."""

from wutdet.parts.download import download
from wutdet.parts.importing import import_archive
from wutdet.parts.load import load
from wutdet.parts.patience import Patience
from wutdet.parts.registry import Part, find_part, read_registry
from wutdet.parts.result import ImportedPart
from wutdet.parts.transfer_error import TransferError

__all__ = [
    "ImportedPart",
    "Part",
    "Patience",
    "TransferError",
    "download",
    "find_part",
    "import_archive",
    "load",
    "read_registry",
]
