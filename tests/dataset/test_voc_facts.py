"""Elements of our own in VOC files, and those of others that look like them."""

from xml.etree import ElementTree

import pytest

from wutdet.dataset.voc_facts import facts_of

PASCAL = "<name>ship</name><pose/><truncated>0</truncated><difficult>0</difficult><bndbox/>"


def said(*objects):
    return facts_of(
        ElementTree.fromstring(f"<annotation>{''.join(f'<object>{item}</object>' for item in objects)}</annotation>")
    )


def test_facts_stand_with_the_place_of_their_object():
    own = f"{PASCAL}<area>9.5</area><iscrowd>1</iscrowd><transmittance>0.25</transmittance><contrast>-0.5</contrast>"
    assert said(PASCAL, own) == [(1, "area", 9.5), (1, "iscrowd", 1), (1, "transmittance", 0.25), (1, "contrast", -0.5)]


@pytest.mark.parametrize(
    "strange",
    [
        "<area>coast</area>",
        "<area>0</area>",
        "<area>-4</area>",
        "<area>nan</area>",
        "<area/>",
        "<iscrowd>2</iscrowd>",
        "<deep><area>3</area></deep>",
    ],
)
def test_what_is_no_such_value_is_left_alone(strange):
    assert said(PASCAL + strange) == []
