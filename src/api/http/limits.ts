/** What one connection may cost before it has proved anything. */

/** A request head above this is an attack: ours need a key and a few names. */
export const REQUEST_HEAD_BYTES_MAX = 16 * 1024;
/** Each takes some 20 KB when it does nothing. */
export const CONNECTIONS_COUNT_MAX = 8192;
/** Of one IPv4 address, or one IPv6 network of 64 bits: above all the long polls and streams that a tenant may have. */
export const CONNECTIONS_PER_ADDRESS_COUNT_MAX = 2048;
/** From the first byte of a request to the end of its head. */
export const REQUEST_HEAD_MS_MAX = 10_000;
/** From the first byte of a request to the end of its body: 8 MB over a poor line. */
export const REQUEST_MS_MAX = 60_000;
/** A connection on which nothing moves; above the longest poll (60 s) and the stream's comment (15 s). */
export const CONNECTION_IDLE_MS_MAX = 120_000;
/** Above the 60 s of common load balancers, so that they close first and never send into a closed connection. */
export const KEEP_ALIVE_MS = 72_000;
/** How often connections are looked at for the limits above. */
export const CONNECTIONS_CHECK_MS = 5_000;
/** What a caller is asked to wait while the store cannot commit. */
export const STORE_RETRY_AFTER_SECONDS = 1;
/** What a caller is asked to wait who has too many streams open. */
/**
 * Requests behind others on their connections, in all. Each takes some 3 KB, and Node 50 µs to drop when its connection
 * closes. Few clients pipeline, and none that far.
 */
export const PIPELINED_REQUESTS_COUNT_MAX = 4000;
/** What a caller is asked to wait when the server has as much under way as it may. */
export const OVERLOAD_RETRY_AFTER_SECONDS = 1;
export const STREAM_RETRY_AFTER_SECONDS = 5;
/** What a caller is asked to wait who has as many exports under way as may be: each takes seconds to minutes. */
export const EXPORT_RETRY_AFTER_SECONDS = 10;
/** What a caller is asked to wait who has too many long polls under way. */
export const WAITS_RETRY_AFTER_SECONDS = 5;
/** Faults named in one answer: more than anybody reads at once, and few enough to cost nothing. The rest is counted. */
export const FAULTS_LISTED_MAX = 20;
/** Faults named in the answer to a batch; past them each bad event names its first one only. */
export const BATCH_FAULTS_LISTED_MAX = 1000;
/** Where counting stops: a list of 1000 bad ids needs no exact number. */
export const FAULTS_COUNTED_MAX = 100;
/** Unknown fields of one body that get a "did you mean": each costs a comparison with every known name. */
export const SUGGESTIONS_COUNT_MAX = 5;
/** Fields of one JSON object that is a request: ours have at most twenty. */
export const FIELDS_COUNT_MAX = 1000;
/** A field's name can be as long as a body; an error message should not be. */
export const FIELD_SHOWN_CHARS_MAX = 100;
/** Pages of `/v1/tenants`. */
export const TENANTS_PAGE_MAX = 1000;
/** Pages of `/v1/sources`. */
export const SOURCES_PAGE_MAX = 1000;
/** What a sender is asked to wait from whose address too much failed: the failures of one second are counted together. */
export const INBOUND_RETRY_AFTER_SECONDS = 1;
/**
 * Answers that are ready and that their readers have not taken, in all. The oldest is dropped for a newer one; the server
 * makes no more than some 100 MB of answers a second, so a reader has at least a second.
 */
export const UNREAD_RESPONSES_BYTES_MAX = 128 * 1024 * 1024;
/** Bodies of callers with a key or a session while they arrive, in all: a dozen of the largest batches. */
export const BODY_BUFFERS_BYTES_MAX = 96 * 1024 * 1024;
/** Those of everybody else: over a hundred of the largest inbound webhooks. */
export const PUBLIC_BODY_BUFFERS_BYTES_MAX = 32 * 1024 * 1024;
/** Elements of `X-Forwarded-For` looked at: one for each proxy on the way, and nobody has twenty. */
export const FORWARDED_ELEMENTS_COUNT_MAX = 20;
/** A body above this that nobody will read costs more than the connection that it comes over. */
export const UNREAD_BODY_BYTES_MAX = 16 * 1024;
/**
 * Rows of an export written at once: some 30 KB, so that a slow reader is seen to take them one by one, and a stretch of
 * them is not turned into text in one turn of the event loop without need.
 */
export const EXPORT_SLICE_ROWS = 100;
/** A page of `/dashboard/webhooks` when nothing is said. */
export const WEBHOOK_ROWS_DEFAULT = 10;
