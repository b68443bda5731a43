"""How gunicorn serves `app:server`, on Heroku, Dash Enterprise or anywhere: `gunicorn app:server`."""

import os


def _whole(variable: str, default: str) -> int:
    value = os.environ.get(variable) or default
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise SystemExit(f"{variable}: found {value!r}, expected a whole number from 1 on")
    return int(value)


bind = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8050')}"
workers = _whole("WEB_CONCURRENCY", "2")
threads = _whole("THREADS", "32")  # more than `OPENED_AT_ONCE` of data/batch.py, or edits wait for pictures
worker_class = "gthread"
timeout = 60
