"""A receiver without dependencies. It verifies each delivery, drops repeats, and prints the rest.

    WEBHOOK_SECRET=whsec_... python3 examples/receiver.py
"""

import base64
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def verify_webhook(body: bytes, headers, secret: str, tolerance_seconds: int = 300):
    """Return (event id, event). Raise ValueError unless the request has a valid, recent signature."""
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not event_id or not (timestamp.isascii() and timestamp.isdigit()):
        raise ValueError("not a signed webhook")
    if abs(time.time() - int(timestamp)) > tolerance_seconds:
        raise ValueError("the timestamp is too old or too new")
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    signed = f"{event_id}.{timestamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
    if not any(hmac.compare_digest(one.encode(), expected) for one in signatures.split(" ")):
        raise ValueError("the signature does not match")
    return event_id, json.loads(body)


def visible(text: str) -> str:
    """A payload can contain control characters, which a terminal would obey."""
    return "".join(one if one.isprintable() else f"<U+{ord(one):x}>" for one in text)


# Large enough for the largest payload, 256 KB, and its envelope.
BODY_BYTES_MAX = 320 * 1024
SECRET = os.environ["WEBHOOK_SECRET"]
# In production, use a table with a unique column, and write to it in the transaction that does the work.
seen = set()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > BODY_BYTES_MAX:
            self.close_connection = True
            return self.answer(413)
        body = self.rfile.read(length)
        try:
            event_id, _event = verify_webhook(body, self.headers, SECRET)
        except ValueError as error:
            print(f"refused  {error}", flush=True)
            return self.answer(401)
        if event_id in seen:
            print(f"repeated {event_id}", flush=True)
            return self.answer(204)
        print(f"received {visible(body.decode())}", flush=True)
        # Stored after the work is done: if the work fails, the retry must not be dropped as a repeat.
        seen.add(event_id)
        return self.answer(204)

    def answer(self, status):
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Print no access log."""


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), Receiver)
print(f"receiver listens on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
