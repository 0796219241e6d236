/** Every limit of the client: its name, its unit (last in the name) and its reason. */

/** Retries of one call, after the first try. */
export const RETRIES_MAX = 3;
/** An answer that asks for a longer wait is handed to the caller, who may have something better to do. */
export const RETRY_AFTER_SECONDS_MAX = 60;
/** The first wait after a network error; doubled for each further one. */
export const BACKOFF_FIRST_MS = 250;
/** One try. Above the 30 s that a test of an endpoint may wait for its receiver. */
export const REQUEST_TIMEOUT_MS = 60_000;
/** The server writes to a stream every 15 s; after three missed ones the connection is dead. */
export const STREAM_SILENCE_MS = 45_000;
/** The wait before a stream is opened again, unless the server names one. */
export const STREAM_RECONNECT_MS = 1000;
/** The longest wait before a stream is opened again. */
export const STREAM_RECONNECT_MS_MAX = 30_000;
/** Attempts running to open a stream that failed, before the caller is told. */
export const STREAM_FAILURES_MAX = 10;
/** One event of a stream; a list row has under 2 KB. */
export const STREAM_EVENT_CHARS_MAX = 1024 * 1024;
/** The longest that the server lets a question for a pause wait. */
export const PAUSE_WAIT_SECONDS_MAX = 60;
/** How much later than asked an answer may come, before the connection counts as dead. */
export const LONG_POLL_GRACE_MS = 15_000;
/** "Still pending" that comes sooner did not wait: the server is stopping, or busy, and the next question is put off. */
export const LONG_POLL_MS_MIN = 1000;
/** The longest wait before a pause is asked for again; after a restart of the server its end is known by then. */
export const LONG_POLL_BACKOFF_MS_MAX = 10_000;
