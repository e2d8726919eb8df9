"""TensorFlow in Python: a plain process in Lambda's place, with the event on stdin and the answer on stdout."""

import base64
import json
import os
import shutil
import sys
import tempfile
import time

stages = {}
started = time.perf_counter()


def stage(name):
    global started
    now = time.perf_counter()
    stages[name] = (now - started) * 1000
    started = now


import boto3  # noqa: E402

stage("code")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import numpy  # noqa: E402
import tensorflow as tf  # noqa: E402

stage("runtime")
s3 = boto3.client("s3")
folder = tempfile.mkdtemp()
os.makedirs(f"{folder}/variables")
for file in ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"):
    s3.download_file(os.environ["BUCKET"], os.environ["PREFIX"] + file, f"{folder}/{file}")
stage("weights")
network = tf.saved_model.load(folder).signatures["serving_default"]
stage("model")

event = json.load(sys.stdin)
body = base64.b64decode(event["body"])
length = int(event["headers"].get("Inference-Header-Content-Length", len(body)))
given = json.loads(body[:length])["inputs"][0]
values = given["data"] if "data" in given else numpy.frombuffer(body[length:], dtype=numpy.float32)
image = numpy.asarray(values, dtype=numpy.float32).reshape(given["shape"])
started = time.perf_counter()
scores = network(tf.constant(image))["probabilities"].numpy()
stage("predict")
timing = ", ".join(f"{name};dur={ms:.1f}" for name, ms in stages.items())
output = {"name": "probabilities", "shape": list(scores.shape), "data": scores.ravel().tolist()}
answer = {"statusCode": 200, "headers": {"server-timing": timing}, "body": json.dumps({"outputs": [output]})}
print(json.dumps(answer), flush=True)
shutil.rmtree(folder)
