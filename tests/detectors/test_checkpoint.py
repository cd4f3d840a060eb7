import collections
import os
import pickle
import zipfile

import pytest

from wutdet.detectors.checkpoint import check_checkpoint, restricted_loading
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


MODEL = b"cultralytics.nn.tasks\nDetectionModel\n"
LAYER = b"ctorch.nn.modules.conv\nConv2d\n"
NAMESPACE = b"cultralytics.utils\nIterableSimpleNamespace\n"


@pytest.mark.parametrize(
    ("pickled", "told"),
    [
        (MODEL + b"((dtR.", "calls ultralytics.nn.tasks DetectionModel"),  # it evaluates what its settings say
        (b"(" + MODEL + b"(do.", "calls ultralytics.nn.tasks DetectionModel"),
        (b"((diultralytics.nn.tasks\nDetectionModel\n.", "calls ultralytics.nn.tasks DetectionModel"),
        (LAYER + b"}b.", "changes torch.nn.modules.conv Conv2d"),  # for the whole process
        (NAMESPACE + b"N}S'__getattr__'\n" + LAYER + b"s\x86b.", "changes ultralytics.utils IterableSimpleN"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n}b.", "changes what is fixed"),
        (b"ctorch\nFloatStorage\n}b.", "changes what is fixed"),
        (LAYER + b")\x81}S'forward'\n" + MODEL + b"sb.", "leaves ultralytics.nn.tasks DetectionModel to be called"),
        (b"ctorch._utils\n_rebuild_parameter\n(" + MODEL + b"tR.", "leaves ultralytics.nn.tasks DetectionModel"),
        (b"(lp0\nc__builtin__\nset\na.", "leaves set to be called"),
        (b"\x8c\x05posix\x8c\x06system\x93.", "posix system"),
        (b"\x8c\x12torch.nn.modules.m\x8c\x09os.system\x93.", "torch.nn.modules.m os.system"),
    ],
)
def test_what_fills_no_model_is_refused(tmp_path, pickled, told):
    with pytest.raises(ConfigError, match="names code that no detector needs") as caught:
        check_checkpoint(write_checkpoint(tmp_path / "w.pt", pickled))
    assert f"({told}" in str(caught.value)


@pytest.mark.parametrize(
    "pickled",
    [
        LAYER + b"(K\x01t\x81.",  # a layer that is given something as it is made
        NAMESPACE + b"(K\x01tR.",
        b"\x82\x01.",  # by a number of the process
        b"N",
        b"",
    ],
)
def test_what_is_no_pickle_of_a_model_is_refused(tmp_path, pickled):
    with pytest.raises(ConfigError, match="is no PyTorch checkpoint"):
        check_checkpoint(write_checkpoint(tmp_path / "w.pt", pickled))


@pytest.mark.parametrize(
    "pickled",
    [
        LAYER + b")\x81}S'bias'\nNsb.",
        NAMESPACE + b"(tR}S'imgsz'\nK\x40sb.",
        b"(lp0\ng0\na.",  # a list in itself
        b"cultralytics.nn.modules.head\nv10Detect\n)\x81.",
    ],
)
def test_what_fills_a_model_passes(tmp_path, pickled):
    check_checkpoint(write_checkpoint(tmp_path / "w.pt", pickled))


def test_ultralytics_is_restricted_while_it_loads_and_no_longer(tiny_weights, tmp_path, monkeypatch):
    tasks = pytest.importorskip("ultralytics.nn.tasks")
    if not hasattr(tasks, "SAFE_LOAD"):
        pytest.skip("this ultralytics loads in one way alone")
    from wutdet.detectors.weights_file import load_weights

    seen = []
    load = tasks.torch_load
    monkeypatch.setattr(tasks, "torch_load", lambda *a, **how: seen.append(how.get("weights_only")) or load(*a, **how))
    load_weights(tiny_weights, "cpu", trust_weights=False)
    load_weights(tiny_weights, "cpu", trust_weights=True)
    assert seen == [True, None]
    with pytest.raises(RuntimeError), restricted_loading():
        raise RuntimeError
    assert tasks.SAFE_LOAD is False
