/** Limits of listeners: endpoints whose deliveries go over a stream. Each name ends in its unit, and each comment gives the reason. */
import { DAY_MS, KB, MB, SECOND_MS } from "./units.ts";

/** A developer has a handful. Each has a row, a lane and perhaps a connection of its own. */
export const LISTENERS_PER_TENANT_COUNT_MAX = 100;
/** What may wait while nobody listens. When there is more, the oldest are cancelled: a test run starts with recent events. */
export const LISTENER_WAITING_COUNT_MAX = 10_000;
export const LISTENER_WAITING_BYTES_MAX = 64 * MB;
/** So many deliveries are cancelled together, so that a publish beyond the bound does not pay for each. */
export const LISTENER_CANCELLED_COUNT = 100;
/** A listener that nobody has read for so long belongs to a laptop that is gone. */
export const LISTENER_UNSEEN_MS = 7 * DAY_MS;
export const LISTENER_NAME_CHARS_MAX = 200;
/** `ada@laptop`. It is stored with each attempt. */
export const READER_CHARS_MAX = 64;
export const READER_SESSION_CHARS_MIN = 8;
export const READER_SESSION_CHARS_MAX = 64;
/** The attempts that a reader has at a time, unless the listener says otherwise. */
export const LISTENER_IN_FLIGHT_COUNT_DEFAULT = 8;
/**
 * The attempts that a reader may have beyond those that it makes at a time, so that it need not wait for a round trip
 * after each. There are only as many as the listener's service answers in `READER_AHEAD_MS`, so that a pause or a 429
 * takes effect soon.
 */
export const READER_AHEAD_COUNT_MAX = 100;
export const READER_AHEAD_MS = 100;
/** The bodies of the attempts that a reader has. Beyond it, nothing more is sent before a report. */
export const READER_PENDING_CHARS_MAX = MB;
/** What a reader may leave unread before its stream is cut: several deliveries of the largest size. */
export const READER_BUFFER_BYTES_MAX = 4 * MB;
/** The reader's report of a timeout may arrive this long after the deadline. */
export const REPORT_GRACE_MS = SECOND_MS;
export const REPORTS_PER_REQUEST_COUNT_MAX = 100;
export const REPORTS_BODY_BYTES_MAX = 4 * MB;
/** What a report may contain of a response's headers, and of its body. The history stores less. */
export const REPORT_HEADERS_CHARS_MAX = 16 * KB;
export const REPORT_BODY_CHARS_MAX = 16 * KB;
/** What a report may say of a step's time. No attempt takes longer, and the history stores the number. */
export const REPORT_TIMING_MS_MAX = 60 * SECOND_MS;
/** How long a node keeps a report that it got for another node's reader: longer than any attempt. */
export const FORWARDED_REPORT_MS = 60 * SECOND_MS;
