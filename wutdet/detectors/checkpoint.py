"""Look into a PyTorch checkpoint before it is loaded: it is a pickle, and a pickle can run any code it names.

Ultralytics unpickles whole models. What their pickles name is a short list: layers, tensors, containers. A file
that names anything else is refused unread.
"""

from __future__ import annotations

import pickletools
import re
import zipfile
from pathlib import Path
from typing import Final

from wutdet.errors import ConfigError

_ALLOWED: Final = re.compile(
    r"torch\.nn\.modules\.\w+ [A-Z]\w*"
    r"|ultralytics\.nn\.modules\.\w+ [A-Z]\w*"
    r"|ultralytics\.nn\.tasks [A-Z]\w*Model"
    r"|ultralytics\.utils IterableSimpleNamespace"
    r"|torch (?:\w+Storage|Size|float16|float32|float64|int64|bfloat16)"
    r"|torch\._utils _rebuild_(?:parameter|tensor_v2)"
    r"|collections OrderedDict"
    r"|(?:__builtin__|builtins) (?:set|frozenset|dict|list|tuple|int|float|bool|slice)"
)
_OTHER_WAYS_TO_NAME_CODE: Final = ("STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4")
_MAX_PICKLE_BYTES: Final = 64 * 2**20


def check_checkpoint(path: Path) -> None:
    """Refuse a `.pt` file whose pickle names code that a model does not need.

    Raises:
        ConfigError: the file is no PyTorch checkpoint, or names such code.
    """
    trust = "use --trust-weights if you trust where it comes from"
    try:
        found = _named_code(path)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, NotImplementedError):
        raise ConfigError("is no PyTorch checkpoint", where=path, remedy="check the file") from None
    strange = sorted(name for name in found if not _ALLOWED.fullmatch(name))
    if strange:
        raise ConfigError(f"names code that no detector needs ({strange[0]})", where=path, remedy=trust)


def _named_code(path: Path) -> set[str]:
    """`module name` of everything the pickle would import; raises where it hides a name."""
    with zipfile.ZipFile(path) as archive:
        entry = next((item for item in archive.infolist() if item.filename.endswith("data.pkl")), None)
        if entry is None or entry.file_size > _MAX_PICKLE_BYTES:
            raise ValueError("no readable data.pkl")
        data = archive.read(entry)
    named = set()
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name == "GLOBAL":
            named.add(str(argument))
        elif opcode.name in _OTHER_WAYS_TO_NAME_CODE:
            named.add(f"something by {opcode.name}")
    return named
