"""The golden input and output of digits version 1, as its manifest holds them."""

import base64
import json

import numpy as np

with open("models/digits/versions/1/manifest.json") as file:
    _golden = json.load(file)["golden"]


def _array(tensor):
    return np.frombuffer(base64.b64decode(tensor["base64"]), "<f4").reshape(tensor["shape"])


image = _array(_golden["inputs"][0])
probabilities = _array(_golden["outputs"][0])


def check(found):
    """Within what the manifest allows, relative to max(1, |expected|), which for probabilities is absolute."""
    assert found.shape == probabilities.shape, found.shape
    np.testing.assert_allclose(found, probabilities, rtol=0, atol=_golden["tolerance"])
