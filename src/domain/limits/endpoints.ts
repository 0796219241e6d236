/** Limits of endpoints. Each name ends in its unit, and each comment gives the reason. */
import { KB, SECOND_MS } from "./units.ts";

export const ENDPOINT_NAME_CHARS_MAX = 200;
export const ENDPOINT_DESCRIPTION_CHARS_MAX = 1000;
export const ENDPOINT_URL_CHARS_MAX = 2048;
export const SECRET_CHARS_MIN = 16;
export const SECRET_CHARS_MAX = 512;
export const TIMEOUT_SECONDS_MAX = 30;
export const CUSTOM_HEADERS_MAX = 20;
/** Custom header names and values together. Receivers commonly reject request heads above 8 KB. */
export const CUSTOM_HEADERS_BYTES_MAX = 4 * KB;
export const RETRIES_MAX = 20;
/** Two days between two attempts. */
export const RETRY_WAIT_SECONDS_MAX = 172_800;
export const MAX_IN_FLIGHT_MAX = 256;
export const MAX_IN_FLIGHT_DEFAULT = 32;
export const RATE_LIMIT_PER_SECOND_MAX = 10_000;
export const EVENT_FILTERS_MAX = 100;
/** The default of `overlap_seconds` when a secret is rotated. */
export const ROTATE_OVERLAP_SECONDS_DEFAULT = 86_400;
export const ROTATE_OVERLAP_SECONDS_MAX = 30 * 86_400;
/** The highest number that `waiting` counts to. Counting walks an index. */
export const WAITING_COUNT_MAX = 10_000;
/** A tenant's endpoints on one page, and the endpoints that one event can go to. */
export const ENDPOINTS_PAGE_MAX = 1000;
/** The default quota and its maximum. `GET /v1/webhooks` lists all of a tenant's endpoints in one response. */
export const ENDPOINTS_PER_TENANT_MAX = 10_000;
/** How long the registration of an endpoint waits for a DNS lookup. */
export const REGISTRATION_DNS_MS = 2 * SECOND_MS;
/** Shorter values of headers are not redacted in responses: they are no credentials, and they occur in other words. */
export const REDACTED_CHARS_MIN = 8;
