/** Limits of inbound webhooks. Each name ends in its unit, and each comment gives the reason. */
import { DAY_MS, KB, SECOND_MS } from "./units.ts";

/** The largest inbound body. It becomes an event's payload, so both have the same limit. */
export const INBOUND_BODY_BYTES_MAX = 256 * KB;
/**
 * Signalbox servers that a webhook may have passed through. Chains of several servers are rare. Each further hop lets a
 * loop over many endpoints multiply once more: with ten endpoints in a loop, three hops create 1,110 events.
 */
export const LOOP_HOPS_COUNT_MAX = 3;
/** Signatures that are checked in one header. There is one, or two while the sender rotates its secret. */
export const SIGNATURES_COUNT_MAX = 10;
/** Parameters of a form. A person fills in a few dozen, and parsing one takes as long as a hundred bytes of text. */
export const FORM_PARAMETERS_COUNT_MAX = 1000;
export const SOURCE_NAME_CHARS_MAX = 200;
/**
 * The text fields of a source's settings: header names, JSON pointers, prefixes of types and signatures, and templates.
 */
export const SOURCE_HEADER_CHARS_MAX = 100;
export const SOURCE_POINTER_CHARS_MAX = 256;
export const SOURCE_PREFIX_CHARS_MAX = 64;
export const SOURCE_TEMPLATE_CHARS_MAX = 256;
export const SOURCE_USERNAME_CHARS_MAX = 200;
/** The sender often chooses the secret, so short ones are accepted. */
export const SOURCE_SECRET_CHARS_MIN = 1;
/** Sources cached in memory. A source can be cached by its id and by its name. */
export const KNOWN_SOURCES_COUNT_MAX = 2000;
/** Fields of a pause-status request. */
export const INBOUND_FIELD_CHARS_MAX = 200;
export const INBOUND_NOTES_CHARS_MAX = 2000;
/**
 * How far a signed timestamp may be from the time of receipt. Standard Webhooks, Stripe and Slack use the same value.
 */
export const INBOUND_TOLERANCE_SECONDS = 300;
export const INBOUND_TOLERANCE_SECONDS_MAX = 86_400;
/** Refused requests stored for each known source, and for all unknown senders together. */
export const REFUSED_KEPT_COUNT_MAX = 1000;
/** Bytes stored of the body of a refused request from an unknown sender. */
export const REFUSED_BODY_BYTES_MAX = 16 * KB;
/** Refused requests that are verified and stored per second: from one address, and in total. */
export const REFUSED_PER_ADDRESS_SECOND_COUNT_MAX = 20;
export const REFUSED_PER_SECOND_COUNT_MAX = 200;
/**
 * Time spent per second on verifying requests that fail: for one address, and in total. At a quarter of the time, other
 * requests would be noticeably slower.
 */
export const REFUSED_WORK_PER_ADDRESS_SECOND_MS_MAX = 50;
export const REFUSED_WORK_PER_SECOND_MS_MAX = 150;
/** The longest single block of that time. Everything else waits during it. */
export const REFUSED_WORK_AT_ONCE_MS_MAX = 20;
/**
 * A body of this size is verified in half a millisecond, whatever it contains. Time is measured only for larger bodies.
 */
export const LIGHT_BODY_BYTES_MAX = 8 * KB;
/**
 * Refused rows of one list that are explained, and bytes of their bodies. Explaining a row takes a few milliseconds,
 * and lists must be fast. You can open the remaining rows one by one.
 */
export const EXPLAINED_PER_LIST_ROWS_MAX = 20;
export const EXPLAINED_PER_LIST_BYTES_MAX = 64 * KB;
/**
 * Characters stored of a request's header names and values. Common senders use a few hundred characters for signatures.
 */
export const INBOUND_HEADERS_CHARS_MAX = 8 * KB;
/** Addresses whose failed or verified requests are remembered. */
export const INBOUND_ADDRESSES_COUNT_MAX = 10_000;
/**
 * Addresses without a failure whose requests are verified each second, even when all addresses together have failed too
 * often.
 */
export const INBOUND_NEWCOMERS_SECOND_COUNT_MAX = 1000;
/** How long requests from an address are always verified after a verified request came from it. */
export const INBOUND_PROVEN_MS = DAY_MS;
/**
 * How long a refusal without verification is delayed, so that a client that sends its next request after each response
 * is slowed down.
 */
export const INBOUND_REFUSAL_DELAY_MS = SECOND_MS;
/** Refusals that are delayed at the same time. Further connections are closed. */
export const INBOUND_REFUSALS_HELD_COUNT_MAX = 1000;
/** Events shown with an inbound event: the one created on receipt, and one for each time it was reprocessed. */
export const INBOUND_EVENTS_SHOWN_MAX = 100;
/** Sums by source and reason in one response: each of 70 sources with every reason, the largest first. */
export const REFUSED_SUMS_COUNT_MAX = 1000;
/** Requests of one kind that statistics count, the newest first: about 10 ms of the reading thread. */
export const INBOUND_COUNTED_ROWS_MAX = 50_000;
/** Sources in statistics of what was received, the busiest first: as many as a tenant has by default. */
export const INBOUND_COUNTED_SOURCES_MAX = 1000;
/** Refused requests that one step of reprocessing verifies again. */
export const REPROCESS_STEP_ROWS = 50;
/** The largest offset into the inbound events. Skipped rows are read, so callers narrow the dates instead. */
export const INBOUND_OFFSET_ROWS_MAX = 100_000;
