/** Limits of attempts and of the HTTP client, of retries and of endpoint health. Each name ends in its unit, and each comment gives the reason. */
import { DAY_MS, HOUR_MS, KB, MB, MINUTE_MS, SECOND_MS } from "./units.ts";

/** A response with a larger head is a failure. */
export const RESPONSE_HEAD_BYTES_MAX = 16 * KB;
/** What the sender reads of a response body before it closes the connection. */
export const RESPONSE_BODY_BYTES_MAX = 16 * KB;
/** What the history stores of the body of a failed response, to help find the cause. */
export const SNIPPET_FAILED_BYTES_MAX = 1 * KB;
/**
 * What the history stores of the body of a successful response. At full throughput, this is most of the stored data.
 */
export const SNIPPET_OK_BYTES_MAX = 256;
/** What the history stores of the headers of a failed response. */
export const RESPONSE_HEADERS_FAILED_CHARS_MAX = 1 * KB;
/** What the history stores of the headers of a successful response, without those that every response has. */
export const RESPONSE_HEADERS_OK_CHARS_MAX = 512;
export const ERROR_DETAIL_CHARS_MAX = 500;
/** Interim (1xx) responses accepted before the final one. */
export const INTERIM_RESPONSES_COUNT_MAX = 8;

export const RETRY_JITTER = 0.2;
/** The longest accepted Retry-After. Longer ones are cut to a day. */
export const RETRY_AFTER_MS_MAX = 24 * HOUR_MS;
/** A delivery expires after this, or after its schedule's own length plus a day when that is longer. */
export const EXPIRY_MS = 7 * DAY_MS;
export const EXPIRY_BEYOND_SCHEDULE_MS = 1 * DAY_MS;
/** Consecutive failures after which an endpoint rests. */
export const REST_AFTER_FAILURES = 20;
export const REST_FIRST_MS = 30 * SECOND_MS;
export const REST_MS_MAX = 5 * MINUTE_MS;
/** The five-day rule: an endpoint is disabled when it had no success in at least this many attempts … */
export const DISABLE_AFTER_FAILURES = 20;
/** … over this much active time. */
export const DISABLE_AFTER_ACTIVE_MS = 5 * DAY_MS;
/** The initial in-flight window of an endpoint. The window grows by one with each success. */
export const WINDOW_START = 4;
/**
 * A delivery fails when its claims ended without a result this many times more than its schedule allows. Such a
 * delivery crashes the process.
 */
export const VOID_CLAIMS_MAX = 10;
/** How long the server waits before it tries again to read an endpoint that cannot be read. */
export const BROKEN_LANE_MS = 60 * SECOND_MS;
/** The wait after an internal error while rendering, so that the error cannot cause a busy loop. */
export const INTERNAL_ERROR_RETRY_MS = 60 * SECOND_MS;

/** How long the addresses of a name are cached. A receiver that moves is found within this time. */
export const DNS_TTL_MS = 30 * SECOND_MS;
/** How long a failed lookup is cached, so that a dead name is not looked up for every attempt. */
export const DNS_FAILURE_TTL_MS = 5 * SECOND_MS;
/** The longest time for a lookup, regardless of what the name servers do. */
export const DNS_LOOKUP_MS_MAX = 5 * SECOND_MS;
/** Names in the DNS cache. */
export const DNS_CACHE_MAX = 10_000;
/** Addresses of one name that the sender tries to connect to. All addresses of the name are checked. */
export const ADDRESSES_TRIED_MAX = 8;
/**
 * The head start of one address before the sender tries the next one in parallel. RFC 8305 recommends 250 ms; distant
 * receivers need more.
 */
export const ADDRESS_HEAD_START_MS = 500;
/** How often the sender checks the hosts file for changes. */
export const HOSTS_FILE_CHECK_MS = 5 * SECOND_MS;
/** The oldest connection that is reused. After that, the name is resolved and its addresses are checked again. */
export const CONNECTION_AGE_MS_MAX = MINUTE_MS;
/** How long an idle connection is kept when the receiver states no limit. Servers commonly close theirs after 5 s. */
export const CONNECTION_IDLE_MS = 4 * SECOND_MS;
/**
 * A connection is not reused this close to the receiver's keep-alive limit, because the request still has to arrive.
 */
export const KEEP_ALIVE_MARGIN_MS = 1 * SECOND_MS;
/** The buffer that all plain connections share: the most that the system returns in one read. */
export const READ_BUFFER_BYTES = 64 * KB;
/** How often the sender looks for idle connections that nothing will use again. */
export const IDLE_SWEEP_MS = 1 * SECOND_MS;
/** The wait before a connection is tried again after this machine had no file descriptor or local port for it. */
export const CONNECT_AGAIN_MS = 500;
/** Search domains of resolv.conf that are tried. For decades, glibc had the same limit. */
export const SEARCH_DOMAINS_COUNT_MAX = 6;
/**
 * Idle connections to all receivers together. Above this number, the one that was idle longest is closed. Each one uses
 * a file descriptor.
 */
export const IDLE_CONNECTIONS_MAX = 1024;
/** The part of these that the sending thread has while it runs. */
export const IDLE_CONNECTIONS_OF_THREAD_MAX = 512;
/** Parsed endpoint URLs and known receivers cached in memory. */
export const SENDER_TARGETS_MAX = 4096;
/** Header names that are checked once. The formats use 17 of them, and the rest is for endpoints' own. */
export const CHECKED_HEADER_NAMES_COUNT_MAX = 256;
/** How late a deadline may fire. One timer serves all attempts. */
export const DEADLINE_TICK_MS = 20;
/**
 * Bytes read from the connection for one attempt, including framing. Without this limit, an endless chunk extension
 * would never be cut off.
 */
export const RESPONSE_WIRE_BYTES_MAX = RESPONSE_HEAD_BYTES_MAX + RESPONSE_BODY_BYTES_MAX;
/** Characters used of a Retry-After header. A date needs 29. */
export const RETRY_AFTER_CHARS_MAX = 128;

/**
 * Requests of one turn of the event loop that go to the sending thread together. With one message for a whole turn, batches took
 * turns with the thread, and p99 to receipt was 1.4 times as long. Fewer requests are not worth a message.
 */
export const HANDED_OVER_COUNT = 8;
/**
 * Groups that the sending thread has not sent yet, beyond which the main thread sends. Otherwise a thousand requests of one tenant
 * would be ahead of the next request of another, whose p50 was 1.4 times as long. With 4, batches lost half of the gain.
 */
export const UNHANDLED_COUNT_MAX = 16;
/** The main thread sends a request with a longer body itself: handing it over would take another copy of the body. */
export const HANDED_OVER_BODY_CHARS_MAX = 64 * KB;
/** When the bodies that the sending thread has are longer, the main thread sends. They are in memory twice. */
export const HANDED_OVER_CHARS_MAX = 8 * MB;
/** How long a stop waits for a sending thread that does not respond. */
export const SENDING_THREAD_ABORT_MS = 1 * SECOND_MS;
/** How long after its death the sending thread stays away, so that a request that kills it does so rarely. */
export const SENDING_THREAD_PAUSE_FIRST_MS = 1 * SECOND_MS;
/** The pause doubles with each death up to this, unless the thread has lived for as long. */
export const SENDING_THREAD_PAUSE_MS_MAX = MINUTE_MS;
/** How often the main thread counts that the sending thread was silent. */
export const SENDING_THREAD_TICK_MS = 10 * SECOND_MS;
/** After a minute of silence, a sending thread that has attempts hangs: each of them ends by its timeout, after 30 s or less. */
export const SENDING_THREAD_SILENT_TICKS_COUNT = 6;
/** After ten minutes without attempts, the sending thread ends, and gives back its memory. */
export const SENDING_THREAD_QUIET_TICKS_COUNT = 60;
