"""GET /visit counts in Redis and queues a row; GET /rows asks PostgreSQL."""

import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from resp import Redis


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/rows":
            text = subprocess.run(["psql", "-Atc", "SELECT count(*) FROM visits"], check=True, capture_output=True, text=True).stdout
        else:
            redis = Redis()
            text = "%d\n" % redis.call("INCR", "visits")
            redis.call("RPUSH", "queue", self.path)
            redis.socket.close()
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        print("%s" % self.path, flush=True)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("serving on port", os.environ["API_PORT"], flush=True)
ThreadingHTTPServer(("127.0.0.1", int(os.environ["API_PORT"])), Api).serve_forever()
