"""Compares a SpimData XML before and after brickwork moved its tiles, by ElementTree alone.

compare_spimdata.py BEFORE AFTER OFFSETS.json

Checks that nothing but translations of registrations changed, in canonical XML with comments, and that the product of
each view's transforms has the offsets of OFFSETS.json ({"setup": [x, y, z]}) in its voxels.
"""

import json
import sys
import xml.etree.ElementTree as ET

import numpy as np


def read(path):
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True, insert_pis=True))
    return ET.parse(path, parser).getroot()


def name(transform):
    return (transform.findtext("Name") or transform.findtext("name") or "").strip()


def matrix(transform):
    numbers = [float(word) for word in transform.findtext("affine").split()]
    return np.vstack([np.array(numbers).reshape(3, 4), [0, 0, 0, 1]])


def moves(transform):
    linear = matrix(transform)[:3, :3]
    return name(transform).lower() != "calibration" and np.array_equal(linear, np.eye(3))


before, after = read(sys.argv[1]), read(sys.argv[2])
offsets = json.load(open(sys.argv[3]))
checked = 0
for registration in after.iter("ViewRegistration"):
    view = registration.get("timepoint") + " " + registration.get("setup")
    transforms = registration.findall("ViewTransform")
    total = np.eye(4)
    for transform in transforms:
        total = total @ matrix(transform)
    if view in offsets:
        found = total[:3, 3] / np.diag(total)[:3]
        scale = np.maximum(1, np.abs(offsets[view]))
        assert np.all(np.abs(found - offsets[view]) <= 1e-6 * scale), (view, found, offsets[view])
        assert name(transforms[0]) == "Brickwork offsets"
        assert sum(moves(transform) for transform in transforms) == 1
        checked += 1
known = {tuple(sorted(view.attrib.items())) for view in before.iter("ViewRegistration")}
section = after.find("ViewRegistrations")
for registration in section.findall("ViewRegistration"):
    # A view that had no registration has a calibration and the offset now.
    if tuple(sorted(registration.attrib.items())) not in known:
        assert [name(t) for t in registration] == ["Brickwork offsets", "calibration"]
        section.remove(registration)
for root in (before, after):
    for registration in root.iter("ViewRegistration"):
        for transform in registration.findall("ViewTransform"):
            if moves(transform):
                registration.remove(transform)
same = [
    ET.canonicalize(ET.tostring(root), with_comments=True, strip_text=True)
    for root in (before, after)
]
assert same[0] == same[1]
assert checked == len(offsets) > 0
