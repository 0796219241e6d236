"""Every limit of the client. Those of the JavaScript SDK are the same, in milliseconds."""

RETRIES_MAX = 3
"""Retries of one call after the first attempt."""
RETRY_AFTER_SECONDS_MAX = 60
"""The longest `Retry-After` that the client waits for. A response with a longer one is raised as an error."""
BACKOFF_FIRST_SECONDS = 0.25
"""The first wait after a network error. Each further wait doubles."""
REQUEST_TIMEOUT_SECONDS = 60.0
"""The timeout of one attempt, above the 30 s that a test of an endpoint can take."""
PAUSE_WAIT_SECONDS_MAX = 60
"""The longest wait that the server allows in one request for a pause."""
LONG_POLL_GRACE_SECONDS = 15.0
"""How late a response may be before the connection counts as dead."""
LONG_POLL_SECONDS_MIN = 1.0
"""A "pending" response that arrives sooner did not wait: the server is stopping or busy, so the client waits."""
LONG_POLL_BACKOFF_SECONDS_MAX = 10.0
"""The longest wait before the client asks for a pause again."""
RECEIPT_KEYS_CACHE_SECONDS = 300.0
"""How long the keys of receipts are cached. Only a new key needs another look, and its receipts name it."""
RECEIPT_KEYS_AGAIN_SECONDS = 10.0
"""How soon they may be read again for a key that is not among them. Anyone can make up the name of a key."""
RECEIPT_CLOCK_SECONDS = 60
"""How far the clocks may differ: of the nodes of a server, and of the program that verifies."""
RESPONSE_BYTES_MAX = 256 * 1024 * 1024
"""The longest response that is read into memory. The server sends far less, so a longer one is not from Signalbox.
The JavaScript SDK has no such limit."""
TOLERANCE_SECONDS = 300
"""The largest difference between the timestamp of a delivery and the present time, in either direction."""
