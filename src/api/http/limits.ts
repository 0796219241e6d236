/** Limits of connections and requests. The other limits are in src/domain/limits. */

// ── Connections ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Idle connections take about 20 KB each. */
export const CONNECTIONS_COUNT_MAX = 8192;
/** Per IPv4 address or IPv6 /64 network. It is higher than the number of long polls and streams of one tenant. */
export const CONNECTIONS_PER_ADDRESS_COUNT_MAX = 2048;
/** A connection without any traffic. It is longer than the longest poll (60 s) and the interval of stream comments (15 s). */
export const CONNECTION_IDLE_MS_MAX = 120_000;
/** Longer than the 60 s of common load balancers, so that they never send a request into a connection that is closing. */
export const KEEP_ALIVE_MS = 72_000;
/** How often the server checks connections for the limits above. */
export const CONNECTIONS_CHECK_MS = 5_000;
/**
 * Pipelined requests that wait, over all connections. Each takes about 3 KB, and 50 µs when its connection closes. Few
 * clients pipeline, and none this far.
 */
export const PIPELINED_REQUESTS_COUNT_MAX = 4000;

// ── Requests and responses ──────────────────────────────────────────────────────────────────────────────────────────

/** Requests need a key and a few headers, so larger heads are an attack. */
export const REQUEST_HEAD_BYTES_MAX = 16 * 1024;
/** From the first byte of a request to the end of its head. */
export const REQUEST_HEAD_MS_MAX = 10_000;
/** From the first byte of a request to the end of its body: 8 MB over a slow line. */
export const REQUEST_MS_MAX = 60_000;
/** The buffers of arriving bodies whose callers have a key or a session: a dozen of the largest batches. */
export const BODY_BUFFERS_BYTES_MAX = 96 * 1024 * 1024;
/** The buffers of all other bodies: more than a hundred of the largest inbound webhooks. */
export const PUBLIC_BODY_BUFFERS_BYTES_MAX = 32 * 1024 * 1024;
/** Reading a larger body that is not needed costs more than closing its connection. */
export const UNREAD_BODY_BYTES_MAX = 16 * 1024;
/** A body that is too large, but not by much, is read and discarded, so that its client sees why: twice the largest batch. */
export const DISCARDED_BODY_BYTES_MAX = 16 * 1024 * 1024;
/**
 * Complete responses that their clients have not read, over all connections. The oldest one is dropped for a newer one. The
 * server produces at most about 100 MB of responses per second, so a client has at least a second to read.
 */
export const UNREAD_RESPONSES_BYTES_MAX = 128 * 1024 * 1024;
/** Elements of `X-Forwarded-For` that are read: one for each proxy on the path, and nobody has twenty. */
export const FORWARDED_ELEMENTS_COUNT_MAX = 20;

// ── Faults ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Faults listed in one response: more than anybody reads at once, and few enough to be cheap. Others are counted. */
export const FAULTS_LISTED_MAX = 20;
/** Faults listed in the response to a batch. Beyond it, each invalid event lists only its first fault. */
export const BATCH_FAULTS_LISTED_MAX = 1000;
/** Where counting stops: a list of 1000 invalid ids does not need an exact number. */
export const FAULTS_COUNTED_MAX = 100;
/** Unknown fields of one body that get a suggestion: each costs a comparison with every known name. */
export const SUGGESTIONS_COUNT_MAX = 5;
/** Fields of one JSON object in a request. No documented body has more than twenty. */
export const FIELDS_COUNT_MAX = 1000;
/** A field's name can be as long as a body, but an error message should not be. */
export const FIELD_SHOWN_CHARS_MAX = 100;

// ── Lists and exports ───────────────────────────────────────────────────────────────────────────────────────────────

/** A page of `/v1/tenants`. */
export const TENANTS_PAGE_MAX = 1000;
/** A page of `/v1/sources`. */
export const SOURCES_PAGE_MAX = 1000;
/** A page of `/dashboard/webhooks` without `limit`. */
export const WEBHOOK_ROWS_DEFAULT = 10;
/**
 * Rows of an export that are written at once, about 30 KB. The server then notices that a slow client still reads, and does
 * not render a whole page of rows in one turn of the event loop.
 */
export const EXPORT_SLICE_ROWS = 100;

// ── Retry-After ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** While the store cannot commit. */
export const STORE_RETRY_AFTER_SECONDS = 1;
/** While the server is at one of its limits. */
export const OVERLOAD_RETRY_AFTER_SECONDS = 1;
/** For a tenant with too many open streams. */
export const STREAM_RETRY_AFTER_SECONDS = 5;
/** While too many exports are in progress. Each takes seconds to minutes. */
export const EXPORT_RETRY_AFTER_SECONDS = 10;
/** For a tenant with too many bulk jobs. Each takes seconds to hours. */
export const BULK_RETRY_AFTER_SECONDS = 10;
/** For a tenant with too many long polls. */
export const WAITS_RETRY_AFTER_SECONDS = 5;
/** For an address with too many failed webhooks. Failures are counted per second. */
export const INBOUND_RETRY_AFTER_SECONDS = 1;

// ── Console ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** CSP Level 3 recommends at least 16. A multiple of three has no padding in base64. */
export const CONSOLE_NONCE_BYTES = 18;
