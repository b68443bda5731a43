"""A web server with some files, that fails when told to."""

from __future__ import annotations

import http.server
import io
import socket
import threading
from typing import Any

from PIL import Image


def jpeg(color: str = "red", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "JPEG", **options)
    return file.getvalue()


class Shelf:
    """A web server with some files, that can be told what to do wrong, a step for each request."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.failing = False  # at everything
        self.kind = ""  # the media type that is claimed
        self.held: set[str] = set()  # files that are not sent before `go` is set
        self.go = threading.Event()
        shelf = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shelf.answer(self)

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        if request.path in self.held:
            self.go.wait(20)
        body = self.files.get(request.path.partition("?")[0])
        wrong = "503" if self.failing else self.wrong.pop(0) if self.wrong else ""
        if wrong.isdigit() or body is None:
            request.send_error(int(wrong or 404))
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        if self.kind:
            request.send_header("Content-Type", self.kind)
        request.end_headers()
        if wrong == "hang up":
            request.wfile.write(body[: len(body) // 2])
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        request.wfile.write(body)

    def stop(self) -> None:
        self.go.set()
        self._server.shutdown()
        self._server.server_close()
