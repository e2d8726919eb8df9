"""Unmodified KServe InferenceRESTClient, V2 in JSON and binary and V1, against an API: kserve_client.py URL KEY"""

import asyncio
import sys

import digits_golden as digits
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferOutput, InferRequest
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

url, key = sys.argv[1:]
headers = {"x-api-key": key}


def request(binary_input, binary_output):
    tensor = InferInput("image", list(digits.image.shape), "FP32")
    tensor.set_data_from_numpy(digits.image, binary_data=binary_input)
    output = RequestedOutput("probabilities", {"binary_data": binary_output})
    return InferRequest("digits", [tensor], request_id="seven", request_outputs=[output])


def output_of(response) -> InferOutput:
    assert (response.id, response.model_name) == ("seven", "digits"), response
    (output,) = response.outputs
    return output


async def check_v2():
    async with InferenceRESTClient(RESTConfig(protocol="v2", retries=0)) as client:
        assert await client.is_server_live(url, headers=headers)
        assert await client.is_server_ready(url, headers=headers)
        assert await client.is_model_ready(url, "digits", headers=headers)
        assert not await client.is_model_ready(url, "absent", headers=headers)
        for binary_input in (False, True):
            for binary_output in (False, True):
                asked = request(binary_input, binary_output)
                response = await client.infer(url, asked, model_name="digits", headers=dict(headers))
                digits.check(output_of(response).as_numpy())


async def check_v1():
    """KServe's V1 protocol is TensorFlow Serving's `:predict`."""
    async with InferenceRESTClient(RESTConfig(protocol="v1", retries=0)) as client:
        body = {"instances": digits.image.tolist()}
        response = await client.infer(url, body, model_name="digits", headers=dict(headers))
        digits.check(np.array(response["predictions"], np.float32))


asyncio.run(check_v2())
asyncio.run(check_v1())
print("all passed")
