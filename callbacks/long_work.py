"""Long work over HTTP: an answer that says how far the work is, a line at a time, and ends with what came of it."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from data.errors import InputError
from data.watch import Cancelled, Watch

TOLD_EVERY_S = 0.2
ALIVE_EVERY_S = 2.0  # an empty line, by which a connection that is gone is noticed

log = logging.getLogger(__name__)


def lines(work: Callable[[Watch], dict[str, Any]]) -> Iterator[str]:
    """Do the work in a thread and yield lines of JSON: ``{"doing", "count"}`` again and again, then the last.

    The last line is ``{"result": ...}`` or ``{"error": ...}``. When nobody reads any more, the work is cancelled.
    """
    told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    gone = threading.Event()
    thread = threading.Thread(target=_do, args=(work, told, gone))
    thread.start()
    try:
        while True:
            try:
                line = told.get(timeout=ALIVE_EVERY_S)
            except queue.Empty:
                yield "\n"
                continue
            yield json.dumps(line, ensure_ascii=False) + "\n"
            if "doing" not in line:
                return
    finally:
        gone.set()
        thread.join()


def _do(work: Callable[[Watch], dict[str, Any]], told: Any, gone: threading.Event) -> None:
    last = 0.0

    def tell(doing: str, count: int) -> None:
        nonlocal last
        if gone.is_set():
            raise Cancelled
        if time.monotonic() - last > TOLD_EVERY_S:
            last = time.monotonic()
            told.put({"doing": doing, "count": count})

    try:
        told.put({"result": work(Watch(tell))})
    except Cancelled:
        pass  # nobody is there to be told
    except InputError as error:
        told.put({"error": str(error)})
    except SQLAlchemyError:
        log.exception("the database did not answer")
        told.put({"error": "the database does not answer; nothing was changed, try again"})
    except Exception:  # the top of a thread: whoever waits must hear of it
        log.exception("long work failed")
        told.put({"error": "something went wrong in the server, which has written down what; nothing was changed"})
