/** What a caller may send. Each name ends in its unit, and each comment gives the reason. */
import { HOUR_MS, KB, MB } from "./units.ts";

/** A management request has a handful of fields. A larger body is a mistake or an attack. */
export const MANAGEMENT_BODY_BYTES_MAX = 64 * KB;
/** The largest event payload. Common receivers, such as functions and queues, still accept this much as one message. */
export const PAYLOAD_BYTES_MAX = 256 * KB;
/** The largest payload plus the surrounding fields: type, ids and key. */
export const EVENT_BODY_BYTES_MAX = 320 * KB;
/** A batch is parsed in memory in one piece. */
export const BATCH_BODY_BYTES_MAX = 8 * MB;
/**
 * Authenticated requests that begin in one turn of the event loop. Next to 64 publishing connections, the p50 of another
 * tenant was 29 ms without this limit, 18 ms with 16 and 15 ms with 8. Fewer requests make smaller, more expensive commits.
 */
export const REQUESTS_PER_TURN_COUNT_MAX = 16;
/** A body of this size counts as one more request: it takes about as long to read and to check. */
export const REQUEST_TURN_BODY_BYTES = 16 * KB;
/** Events that one transaction can hold. */
export const BATCH_EVENTS_MAX = 1000;
/** Deeper JSON is an attack on recursive parsers: this server's and the receivers'. */
export const JSON_DEPTH_MAX = 64;
export const EVENT_TYPE_CHARS_MAX = 128;
export const IDEMPOTENCY_KEY_CHARS_MAX = 255;
/** The length of a time as text. RFC 3339 does not limit the digits of a fraction; attoseconds need 18. */
export const TIME_CHARS_MAX = 64;
/** How long an idempotency key is kept. No reasonable client retries for longer. */
export const IDEMPOTENCY_TTL_MS = 72 * HOUR_MS;
/** Endpoints that one event can go to. The limit keeps the transaction short. */
export const EVENT_TARGETS_MAX = 1000;
/**
 * Endpoints that one `delivery.failed` or `endpoint.disabled` can go to. A transaction can end a thousand deliveries, and
 * each publishes one event.
 */
export const OPERATIONAL_TARGETS_MAX = 10;
export const REPLAY_DELIVERIES_MAX = 1000;
