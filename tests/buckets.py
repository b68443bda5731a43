"""An S3 of the tests' own."""

from __future__ import annotations

import os
from collections.abc import Callable

import boto3
from moto.server import ThreadedMotoServer


class S3:
    """An S3 of the tests' own, that can be stopped and started again."""

    def __init__(self) -> None:
        self._port = 0
        self.start()

    def start(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()
        _, self._port = self._server.get_host_and_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def stop(self) -> None:
        self._server.stop()


def fill_bucket(name: str) -> Callable[[dict[str, bytes]], None]:
    """Make a bucket, or empty it, at the service that the environment names; the result puts files into it."""
    assert "AWS_ENDPOINT_URL" in os.environ
    client = boto3.client("s3")
    client.create_bucket(Bucket=name)
    for one in client.list_objects_v2(Bucket=name).get("Contents", []):
        client.delete_object(Bucket=name, Key=one["Key"])

    def fill(files: dict[str, bytes]) -> None:
        for key, data in files.items():
            client.put_object(Bucket=name, Key=key, Body=data)

    return fill
