"""Writes a published graph (model.json and its weights, in a folder) as a SavedModel: saved_model.py FOLDER OUT."""

import base64
import json
import sys

import numpy
import tensorflow as tf

source, target = sys.argv[1:]
with open(f"{source}/model.json") as file:
    model = json.load(file)
weights = {}
for group in model["weightsManifest"]:
    content = b"".join(open(f"{source}/{path}", "rb").read() for path in group["paths"])
    for spec in group["weights"]:
        count = int(numpy.prod(spec["shape"]))
        values = numpy.frombuffer(content[: 4 * count], dtype=spec["dtype"]).reshape(spec["shape"])
        content = content[4 * count :]
        weights[spec["name"]] = values
nodes = model["modelTopology"]["node"]


def text(node, name):
    attribute = node["attr"].get(name, {})
    found = attribute["list"].get("s", []) if "list" in attribute else [attribute["s"]]
    return [base64.b64decode(each).decode() for each in found]


def integers(node, name):
    return [int(size) for size in node["attr"][name]["list"]["i"]]


def activated(node, value):
    names = text(node, "fused_ops")
    return {"Relu": tf.nn.relu, "Relu6": tf.nn.relu6}[names[1]](value) if len(names) > 1 else value


def compute(node, inputs):
    op = node["op"]
    if op == "_FusedConv2D":
        image, kernel, bias = inputs
        return activated(node, tf.nn.conv2d(image, kernel, integers(node, "strides"), text(node, "padding")[0]) + bias)
    if op == "FusedDepthwiseConv2dNative":
        image, kernel, bias = inputs
        convolved = tf.nn.depthwise_conv2d(image, kernel, integers(node, "strides"), text(node, "padding")[0])
        return activated(node, convolved + bias)
    if op == "MaxPool":
        return tf.nn.max_pool2d(inputs[0], integers(node, "ksize"), integers(node, "strides"), text(node, "padding")[0])
    if op == "_FusedMatMul":
        return activated(node, tf.matmul(inputs[0], inputs[1]) + inputs[2])
    if op == "Mean":
        return tf.reduce_mean(inputs[0], axis=inputs[1].tolist())
    return {"AddV2": tf.add, "Reshape": tf.reshape, "Softmax": tf.nn.softmax}[op](*inputs)


placeholder = next(node for node in nodes if node["op"] == "Placeholder")
shape = [int(dim["size"]) for dim in placeholder["attr"]["shape"]["shape"]["dim"]]


@tf.function(input_signature=[tf.TensorSpec([None] + shape[1:], tf.float32, name=placeholder["name"])])
def network(image):
    values = {**weights, placeholder["name"]: image}
    for node in nodes:
        if node["op"] not in ("Const", "Placeholder"):
            values[node["name"]] = compute(node, [values[name] for name in node["input"]])
    return {nodes[-1]["name"]: values[nodes[-1]["name"]]}


module = tf.Module()
module.network = network
tf.saved_model.save(module, target, signatures={"serving_default": network})
