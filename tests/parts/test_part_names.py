from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wutdet.parts.names import fault_of, first_clash, is_junk, shown


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "is empty"),
        ("/etc/passwd", "is an absolute path"),
        ("//server/share/x", "is an absolute path"),
        ("\\\\server\\share\\x", "has a backslash"),
        ("voc\\x", "has a backslash"),
        ("C:x", "has a drive letter"),
        ("c:/x", "has a drive letter"),
        ("voc/x:stream", "has a character that not every system allows"),
        ("voc/a?b", "has a character that not every system allows"),
        ("..", "leads out of its folder (..)"),
        ("voc/../../x", "leads out of its folder (..)"),
        ("voc//x", "has an empty step"),
        ("voc/./x", "has an empty step"),
        ("voc/x/", "has an empty step"),
        ("voc/x.", "has a name that ends in a dot or a space"),
        ("voc/x ", "has a name that ends in a dot or a space"),
        ("...", "has a name that ends in a dot or a space"),
        ("voc/NUL", "has a name that Windows reserves"),
        ("aux.xml", "has a name that Windows reserves"),
        ("Com1.tar.gz", "has a name that Windows reserves"),
        ("lpt¹", "has a name that Windows reserves"),
        ("con/x", "has a name that Windows reserves"),
        ("voc/x\0.xml", "has control characters or bytes that are no text"),
        ("voc/\x1b[2Jx", "has control characters or bytes that are no text"),
        ("voc/x\n", "has control characters or bytes that are no text"),
        ("voc/\u202egpj.x", "has control characters or bytes that are no text"),
        ("voc/\udcff", "has control characters or bytes that are no text"),
        ("x" * 256, "has a name that is too long"),
        ("é" * 128, "has a name that is too long"),
        ("a/" * 32 + "x", "is too long or too deep"),
        ("/".join(["x" * 200] * 6), "is too long or too deep"),
    ],
)
def test_unsafe_names(path: str, why: str) -> None:
    assert fault_of(path) == why


@pytest.mark.parametrize(
    "path",
    [
        "voc/Annotations/0000020.xml",
        "WUTDet Part A/voc/x",
        "..x/y..z",
        ".hidden",
        "console/comx",
        "船/é.jpg",
        "x" * 255,
    ],
)
def test_safe_names(path: str) -> None:
    assert fault_of(path) == ""


@pytest.mark.parametrize(
    ("paths", "clash"),
    [
        (["a/x", "a/x"], ("a/x", "a/x")),
        (["a/x", "a/X"], ("a/x", "a/X")),
        (["a/x", "A/y"], ("a", "A/y")),
        (["a/b/x", "a/B/y"], ("a/b", "a/B/y")),
        (["a", "a/x"], ("a", "a/x")),
        (["a/x", "a"], ("a", "a")),
        (["A", "a/x"], ("A", "a/x")),
        (["\u00e9", "e\u0301"], ("\u00e9", "e\u0301")),
        (["\u00e9/x", "e\u0301/y"], ("\u00e9", "e\u0301/y")),
        (["\u00c9", "e\u0301"], ("\u00c9", "e\u0301")),
        (["straße", "STRASSE"], ("straße", "STRASSE")),
        (["a/x", "a/y", "b/x", "a/z/x", "x"], None),
    ],
)
def test_paths_that_some_system_takes_for_one(paths: list[str], clash: tuple[str, str] | None) -> None:
    assert first_clash(paths) == clash


@given(st.lists(st.text("aAbB/é\u0301e", min_size=1, max_size=5).filter(lambda path: not fault_of(path)), max_size=6))
def test_a_clash_is_found_exactly_where_a_case_blind_file_system_has_one(paths: list[str]) -> None:
    """The oracle writes every path into a mapping of folded names, folder by folder."""
    import unicodedata

    def fold(name: str) -> str:
        return unicodedata.normalize("NFD", name).casefold()

    tree: dict[str, object] = {}
    spelled: dict[tuple[str, ...], str] = {}
    clashes = False
    for path in paths:
        steps = path.split("/")
        node: object = tree
        for depth, step in enumerate(steps, start=1):
            key = tuple(map(fold, steps[:depth]))
            spelling = "/".join(steps[:depth])
            is_last = depth == len(steps)
            clashes |= spelled.setdefault(key, spelling) != spelling
            assert isinstance(node, dict)
            there = node.get(fold(step))
            if is_last:
                clashes |= there is not None
                node[fold(step)] = "file"
            else:
                clashes |= there == "file"
                if not isinstance(there, dict):
                    node[fold(step)] = {}
                node = node[fold(step)]
        if clashes:
            break
    assert (first_clash(paths) is not None) == clashes


@pytest.mark.parametrize(
    ("path", "junk"),
    [
        ("__MACOSX/voc/._0.jpg", True),
        ("voc/.DS_Store", True),
        ("voc/JPEGImages/Thumbs.db", True),
        ("voc/JPEGImages/._0.jpg", True),
        ("desktop.ini", True),
        ("X/.wutdet/a.tables", True),
        ("voc/JPEGImages/0.jpg", False),
        ("voc/.hidden", False),
        ("my__MACOSX/0.jpg", False),
    ],
)
def test_junk(path: str, junk: bool) -> None:
    assert is_junk(path) is junk


def test_a_name_is_shown_in_one_line_without_control_characters() -> None:
    assert shown("a\n\x1b[31m\u202eé") == "'a\\n\\x1b[31m\\u202e\\xe9'"
    assert len(shown("x" * 1000)) == 122
