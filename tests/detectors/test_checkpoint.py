import collections
import os
import pickle
import zipfile

import pytest

from wutdet.detectors.checkpoint import check_checkpoint
from wutdet.errors import ConfigError


def write_checkpoint(path, pickled, name="archive/data.pkl"):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, pickled)
    return path


class Hostile:
    def __reduce__(self):
        return (os.system, ("touch OWNED",))


def test_a_trained_model_passes(tiny_weights):
    check_checkpoint(tiny_weights)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_pickle_that_names_a_command_is_refused_unread(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    path = write_checkpoint(tmp_path / "evil.pt", pickle.dumps(Hostile(), protocol=protocol))
    with pytest.raises(ConfigError, match=r"names code that no detector needs.*--trust-weights"):
        check_checkpoint(path)
    assert not (tmp_path / "OWNED").exists()


@pytest.mark.parametrize(
    "named",
    [
        b"cultralytics.nn.tasks\nparse_model\n.",  # evaluates strings of its argument
        b"ctorch.hub\nload\n.",
        b"c__builtin__\neval\n.",
        b"c__builtin__\ngetattr\n.",
        b"ctorch.nn.modules.module\nos.system\n.",
    ],
)
def test_names_near_the_allowed_ones_are_refused(tmp_path, named):
    with pytest.raises(ConfigError, match="names code"):
        check_checkpoint(write_checkpoint(tmp_path / "w.pt", named))


def test_plain_containers_pass(tmp_path):
    data = pickle.dumps(collections.OrderedDict(a=[1, 2.0, {3}]), protocol=2)
    check_checkpoint(write_checkpoint(tmp_path / "w.pt", data))


def test_what_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "text.pt").write_text("hello")
    write_checkpoint(tmp_path / "other.pt", b"", name="readme.txt")
    for name in ("text.pt", "other.pt"):
        with pytest.raises(ConfigError, match="no PyTorch checkpoint"):
            check_checkpoint(tmp_path / name)
