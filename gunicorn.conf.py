"""How gunicorn serves `app:server`, on Heroku, Dash Enterprise or anywhere: `gunicorn app:server`."""

import os

bind = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8050')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("THREADS", "8"))
worker_class = "gthread"
timeout = 60
