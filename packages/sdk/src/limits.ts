/** Every limit of the client. Each name ends in its unit, and each comment gives the reason. */

/** Retries of one call after the first attempt. */
export const RETRIES_MAX = 3;
/**
 * The longest Retry-After that the client waits for. A response with a longer one is returned as an error, so that the
 * caller can do something else.
 */
export const RETRY_AFTER_SECONDS_MAX = 60;
/** The first wait after a network error. Each further wait doubles. */
export const BACKOFF_FIRST_MS = 250;
/** The timeout of one attempt, above the 30 s that a test of an endpoint can take. */
export const REQUEST_TIMEOUT_MS = 60_000;
/**
 * The longest silence of a stream. The server writes every 15 s, so after three missed writes the connection is dead.
 */
export const STREAM_SILENCE_MS = 45_000;
/** The wait before a stream reconnects, unless the server sets one. */
export const STREAM_RECONNECT_MS = 1000;
/** The longest wait before a stream reconnects. */
export const STREAM_RECONNECT_MS_MAX = 30_000;
/** Consecutive failures to open a stream before the caller gets an error, unless it says otherwise. */
export const STREAM_FAILURES_MAX = 10;
/** The size of one stream event. A delivery in it has less than 2 KB. */
export const STREAM_EVENT_CHARS_MAX = 1024 * 1024;
/** How long the keys of receipts are cached. Only a new key needs another look, and its receipts name it. */
export const RECEIPT_KEYS_CACHE_MS = 300_000;
/** How soon they may be read again for a key that is not among them. Anyone can make up the name of a key. */
export const RECEIPT_KEYS_AGAIN_MS = 10_000;
/** How far the clocks may differ: of the nodes of a server, and of the program that verifies. */
export const RECEIPT_CLOCK_SECONDS = 60;
/** The longest wait that the server allows in one request for a pause. */
export const PAUSE_WAIT_SECONDS_MAX = 60;
/** How late a response may be before the connection counts as dead. */
export const LONG_POLL_GRACE_MS = 15_000;
/**
 * A "pending" response that arrives sooner did not wait: the server is stopping or busy, so the client waits before it
 * asks again.
 */
export const LONG_POLL_MS_MIN = 1000;
/**
 * The longest wait before the client asks for a pause again. After a restart of the server, the client learns of the
 * end within this time.
 */
export const LONG_POLL_BACKOFF_MS_MAX = 10_000;
/** The longest silence of a listener's stream, on which the server writes every 15 s. */
export const LISTEN_SILENCE_MS = 40_000;
/** The longest wait before a listener's stream reconnects. The first is `BACKOFF_FIRST_MS`. */
export const LISTEN_RECONNECT_MS_MAX = 10_000;
/** The attempts that a listener takes beyond those that it makes at a time: the most that the server sends. */
export const LISTEN_AHEAD_COUNT_MAX = 100;
/** How long attempts may go on when a program stops listening. */
export const LISTEN_DRAIN_MS = 2000;
/** Results in one request: the most that the server takes. */
export const RESULTS_COUNT_MAX = 100;
/** Requests with results that are on their way. While one is, the next results gather for another. */
export const RESULTS_REQUESTS_COUNT_MAX = 2;
/** The timeout of such a request. It is short, because it may have reached a node that hangs, and deadlines pass. */
export const RESULTS_TIMEOUT_MS = 5000;
/** What the server takes of a response. It stores less. */
export const RESULT_BODY_CHARS_MAX = 16 * 1024;
export const RESULT_HEADERS_CHARS_MAX = 16 * 1024;
export const RESULT_HEADERS_COUNT_MAX = 256;
export const RESULT_DETAIL_CHARS_MAX = 500;
/** The longest timing that the server takes of a result. */
export const RESULT_TIMING_MS_MAX = 60_000;
