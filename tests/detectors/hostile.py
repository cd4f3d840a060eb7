"""PyTorch files that leave a mark when they are unpickled."""

import io
import os
import pickle
import zipfile

MARK = "OWNED"  # a folder beside the file


class _Marks:
    def __init__(self, folder):
        self._mark = str(folder / MARK)

    def __reduce__(self):
        return (os.mkdir, (self._mark,))


def hostile_pickle(folder, protocol=2):
    return pickle.dumps(_Marks(folder), protocol=protocol)


def entries(weights, replaced=None):
    """(name, bytes) of a PyTorch file, data.pkl first; with another pickle where one is given."""
    with zipfile.ZipFile(weights) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in found if name.endswith("/data.pkl"))
    pickled = found.pop(name)
    return [(name, pickled if replaced is None else replaced), *found.items()]


def zipped(*rows, before=b"", compression=zipfile.ZIP_STORED):
    """An archive of (name, content), its places told from the begin of what is before it."""
    data = io.BytesIO(before)
    with zipfile.ZipFile(data, "a", compression) as archive:
        for name, content in rows:
            archive.writestr(name, content)
    return data.getvalue()
