"""Takes paths from Redis and writes them to PostgreSQL, as many as there are at once.

What was taken and not yet written is lost when the worker dies in between; a
real queue would move it to a pending list (LMOVE) first.
"""

import signal
import subprocess
import sys

from resp import Redis

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
redis = Redis()
print("waiting for work", flush=True)
while True:
    answer = redis.call("BLPOP", "queue", 1)
    if answer is None:
        continue
    paths = [answer[1]] + (redis.call("LPOP", "queue", 500) or [])
    rows = "".join("INSERT INTO visits (path) VALUES ('%s');\n" % p.replace("'", "''") for p in paths)
    subprocess.run(["psql", "--quiet", "--set", "ON_ERROR_STOP=1"], input=rows, text=True, check=True)
    print("wrote", len(paths), "rows", flush=True)
