"""What is looked at is what is loaded: files whose parts Python and torch read in different ways."""

import contextlib
import pickle
import struct
import warnings
import zipfile

import pytest
from hostile import MARK, entries, hostile_pickle, zipped

from wutdet.detectors import load_detector
from wutdet.detectors.archive import _pickle_name, read_pickle
from wutdet.errors import ConfigError

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "src.pt"
    torch.save({"a": torch.zeros(2)}, path)
    return path


def decoy_before(benign, evil):
    return zipped(("src/xdata.pkl", benign[0][1]), *evil)


def twice_the_last_is_taken(benign, evil):
    return zipped(benign[0], *evil)


def twice_the_first_is_taken(benign, evil):
    return zipped(evil[0], *benign)


def twice_but_for_case(benign, evil):
    return zipped(("src/DATA.PKL", evil[0][1]), *benign)


def in_capitals_alone(benign, evil):
    return zipped(("src/DATA.PKL", evil[0][1]), *benign[1:])


def another_folder_first(benign, evil):
    return zipped(("evil/data.pkl", evil[0][1]), *benign)


def a_folder_in_the_folder(benign, evil):
    return zipped(*evil, ("src/src/data.pkl", benign[0][1]))


def a_name_cut_by_a_null(benign, evil):
    plain = zipped(("src/data.pklXY", benign[0][1]), *evil)
    return plain.replace(b"src/data.pklXY", b"src/data.pkl\0Y")


def an_old_pickle_before_an_archive(benign, evil):
    return zipped(*benign, before=evil[0][1])


def a_gap(benign, evil):
    """Places are told from the archive's begin, which is not the file's."""
    return zipped(*evil)[:4] + zipped(*benign)


def an_old_file(benign, evil):
    before = (0x1950A86A20F9469CFC6C, 1001, {})
    return b"".join([*(pickle.dumps(part, protocol=2) for part in before), evil[0][1]])


def an_archive_behind_an_archive(benign, evil):
    return zipped(*evil) + zipped(*benign)


def a_comment(benign, evil):
    """In which another end of the archive can stand."""
    data = zipped(*evil)
    comment = zipped(*benign)[-22:]
    return data[:-2] + struct.pack("<H", len(comment)) + comment


CRAFTED = [
    decoy_before,
    twice_the_last_is_taken,
    twice_the_first_is_taken,
    twice_but_for_case,
    in_capitals_alone,
    another_folder_first,
    a_folder_in_the_folder,
    a_name_cut_by_a_null,
    an_old_pickle_before_an_archive,
    a_gap,
    an_old_file,
    an_archive_behind_an_archive,
    a_comment,
]


def crafted(craft, saved, folder, name="src.pt"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's, of a name twice
        data = craft(entries(saved), entries(saved, hostile_pickle(folder)))
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("craft", CRAFTED)
def test_a_file_that_two_readers_read_in_two_ways_is_refused_unrun(craft, saved, tmp_path):
    with pytest.raises(ConfigError, match=r"no PyTorch checkpoint|names code"):
        load_detector(crafted(craft, saved, tmp_path))
    assert not (tmp_path / MARK).exists()


@pytest.mark.parametrize("craft", [decoy_before, in_capitals_alone, an_old_pickle_before_an_archive, an_old_file])
def test_torch_runs_them(craft, saved, tmp_path):
    """So that the test above is about something."""
    path = crafted(craft, saved, tmp_path)
    with contextlib.suppress(Exception):  # what it is afterwards is no model
        torch.load(path, weights_only=False)
    assert (tmp_path / MARK).exists()


@pytest.mark.parametrize("name", ["evil.PT", "evil.Pt", "EVIL.pT"])
def test_capitals_hide_nothing(name, saved, tmp_path):
    path = tmp_path / name
    path.write_bytes(zipped(*entries(saved, hostile_pickle(tmp_path))))
    with pytest.raises(ConfigError, match=r"names code that no detector needs \(posix mkdir\)|\(nt mkdir\)"):
        load_detector(path)
    assert not (tmp_path / MARK).exists()


def test_what_torch_writes_is_read(saved):
    with zipfile.ZipFile(saved) as archive:
        assert read_pickle(saved) == archive.read("src/data.pkl")


def test_a_packed_archive_is_read(saved, tmp_path):
    rows = entries(saved)
    (tmp_path / "w.pt").write_bytes(zipped(*rows, compression=zipfile.ZIP_DEFLATED))
    assert read_pickle(tmp_path / "w.pt") == rows[0][1]


@pytest.mark.parametrize(
    ("at", "change"),
    [
        (-22 - 20 - 8, b"\1"),  # of the longer end: where the contents begin
        (-22 - 12, b"\1"),  # where the longer end is
        (-6, b"\1"),  # of the end: where the contents begin
        (-2, b"\1"),  # the length of a comment
    ],
)
def test_ends_that_disagree_are_refused(at, change, saved, tmp_path):
    data = bytearray(saved.read_bytes())
    data[at] ^= change[0]
    (tmp_path / "w.pt").write_bytes(data)
    with pytest.raises((ValueError, OSError, zipfile.BadZipFile)):
        read_pickle(tmp_path / "w.pt")


@pytest.mark.parametrize("again", ["src/data/0", "src/VERSION"])
def test_a_name_twice_is_refused(again, saved, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (tmp_path / "w.pt").write_bytes(zipped(*entries(saved), (again, b"")))
    with pytest.raises(ValueError, match="twice"):
        read_pickle(tmp_path / "w.pt")


def test_a_name_that_python_changes_is_refused():
    """As by a second name, of other letters, that an entry may carry: newer versions of Python take that."""
    entry = zipfile.ZipInfo("src/data.pkl")
    assert _pickle_name([entry]) == "src/data.pkl"
    entry.orig_filename = "src/other.pkl"
    with pytest.raises(ValueError, match="change"):
        _pickle_name([entry])


def test_torchscript_is_no_checkpoint(tmp_path):
    path = tmp_path / "w.pt"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)
    with pytest.raises(ValueError, match="one pickle"):
        read_pickle(path)
