"""Unmodified tritonclient[http], sync and aio, JSON and binary, against an API: triton_client.py HOST:PORT KEY small|digits"""

import asyncio
import sys

import numpy as np
import tritonclient.http as sync_http
import tritonclient.http.aio as aio_http
from tritonclient.utils import InferenceServerException

import digits_golden as digits

address, key, models = sys.argv[1:]


def headers():
    """A new one for each call: the client writes into what it is given, and JSON after binary would keep a header."""
    return {"x-api-key": key}


def digits_input(binary):
    tensor = sync_http.InferInput("image", list(digits.image.shape), "FP32")
    return [tensor.set_data_from_numpy(digits.image, binary_data=binary)]


def wanted(binary):
    return [sync_http.InferRequestedOutput("probabilities", binary_data=binary)]


#: Binary in or not, and which outputs are asked for; without any, Triton's client asks for all in binary.
forms = [(send, outputs) for send in (True, False) for outputs in (wanted(True), wanted(False), None)]


def refusal(action):
    try:
        action()
    except InferenceServerException as error:
        return error.status(), error.message()
    raise AssertionError("it was not refused")


def check_server(client):
    assert client.is_server_live(headers=headers())
    assert client.is_server_ready(headers=headers())
    server = client.get_server_metadata(headers=headers())
    assert server["name"] == "modelet" and "binary_tensor_data" in server["extensions"], server
    index = client.get_model_repository_index(headers=headers())
    assert {"name": "digits", "version": "1", "state": "READY", "reason": ""} in index, index
    assert client.is_model_ready("digits", headers=headers())
    assert client.is_model_ready("digits", "1", headers=headers())
    assert not client.is_model_ready("digits", "9", headers=headers())
    assert not client.is_model_ready("absent", headers=headers())
    model = client.get_model_metadata("digits", headers=headers())
    assert model["inputs"] == [{"name": "image", "datatype": "FP32", "shape": [-1, 28, 28, 1]}], model
    for action in (client.load_model, client.unload_model):
        status, message = refusal(lambda: action("digits", headers=headers()))
        assert status == "404" and "not served" in message, (status, message)


def check_digits(client):
    for binary, outputs in forms:
        for version in ("", "1"):
            result = client.infer(
                "digits",
                digits_input(binary),
                model_version=version,
                outputs=outputs,
                request_id="seven",
                headers=headers(),
                parameters={"caller": "conformance"},
            )
            digits.check(result.as_numpy("probabilities"))
            answer = result.get_response()
            assert (answer["id"], answer["model_name"], answer["model_version"]) == ("seven", "digits", "1"), answer
    pending = [client.async_infer("digits", digits_input(True), headers=headers()) for _ in range(8)]
    for request in pending:
        digits.check(request.get_result().as_numpy("probabilities"))
    wrong = sync_http.InferInput("image", [1, 28, 28], "FP32")
    wrong.set_data_from_numpy(np.zeros((1, 28, 28), np.float32))
    status, message = refusal(lambda: client.infer("digits", [wrong], headers=headers()))
    assert status == "400" and "shape" in message, (status, message)


def pair_inputs(a_type, n_type, binary):
    a = np.array([[1, 2], [-1, 0.5]], a_type)
    n = np.array([[3], [400]], n_type)
    names = {"float32": "FP32", "float64": "FP64", "float16": "FP16", "int32": "INT32", "int64": "INT64", "uint16": "UINT16"}
    return [
        sync_http.InferInput(name, list(data.shape), names[str(data.dtype)]).set_data_from_numpy(data, binary_data=binary)
        for name, data in (("n", n), ("a", a))
    ]


def check_pair(client):
    for a_type in ("float32", "float64", "float16"):
        for n_type in ("int32", "int64", "uint16"):
            for binary in (True,) if a_type == "float16" else (True, False):
                result = client.infer("pair", pair_inputs(a_type, n_type, binary), headers=headers())
                assert result.as_numpy("sum").tolist() == [[4, 5], [399, 400.5]]
                assert result.as_numpy("sum").dtype == np.float32
                assert result.as_numpy("capped").tolist() == [[3], [100]]
    only = [sync_http.InferRequestedOutput("capped", binary_data=True)]
    result = client.infer("pair", pair_inputs("float32", "int32", True), outputs=only, headers=headers())
    assert result.as_numpy("sum") is None and result.as_numpy("capped").tolist() == [[3], [100]]

    text = sync_http.InferInput("n", [1, 1], "BYTES")
    text.set_data_from_numpy(np.array([["three"]], object))
    status, message = refusal(lambda: client.infer("pair", [text], headers=headers()))
    assert status == "400" and "datatype" in message, (status, message)


async def check_aio():
    async with aio_http.InferenceServerClient(address) as client:
        assert await client.is_server_live(headers=headers())
        assert await client.is_model_ready("digits", headers=headers())
        for binary, outputs in forms:
            result = await client.infer("digits", digits_input(binary), outputs=outputs, headers=headers())
            digits.check(result.as_numpy("probabilities"))


with sync_http.InferenceServerClient(address, concurrency=4) as sync_client:
    check_server(sync_client)
    check_digits(sync_client)
    if models == "small":
        check_pair(sync_client)
asyncio.run(check_aio())
print("all passed")
