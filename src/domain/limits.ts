/** Every limit of the product. Each name ends in its unit, and each comment gives the reason. */

const KB = 1024;
const MB = 1024 * KB;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

// ── What a caller may send ──────────────────────────────────────────────────────────────────────────────────────────

/** A management request has a handful of fields. A larger body is a mistake or an attack. */
export const MANAGEMENT_BODY_BYTES_MAX = 64 * KB;
/** The largest event payload. Common receivers, such as functions and queues, still accept this much as one message. */
export const PAYLOAD_BYTES_MAX = 256 * KB;
/** The largest payload plus the surrounding fields: type, ids and key. */
export const EVENT_BODY_BYTES_MAX = 320 * KB;
/** A batch is parsed in memory in one piece. */
export const BATCH_BODY_BYTES_MAX = 8 * MB;
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
export const REPLAY_DELIVERIES_MAX = 1000;

// ── Endpoints ───────────────────────────────────────────────────────────────────────────────────────────────────────

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

// ── Quotas of a tenant ──────────────────────────────────────────────────────────────────────────────────────────────

/** One key for each service and person of a large organization, and a tenth of the credential cache. */
export const KEYS_PER_TENANT_COUNT_DEFAULT = 1000;
export const KEYS_PER_TENANT_COUNT_MAX = 100_000;
/** The number that one page can list. */
export const SOURCES_PER_TENANT_COUNT_DEFAULT = 1000;
/** Creating a source counts the existing ones, which takes the writer 0.2 ms. */
export const SOURCES_PER_TENANT_COUNT_MAX = 10_000;
/** Ten pauses per second, each open for a day. With the largest metadata, they take 20 GB. */
export const OPEN_PAUSES_PER_TENANT_COUNT_DEFAULT = 1_000_000;
export const OPEN_PAUSES_PER_TENANT_COUNT_MAX = 10_000_000;
/** Stops a runaway client before most disks are full. Set a lower quota for a tenant that shares its server. */
export const STORED_BYTES_PER_TENANT_DEFAULT = 1024 * 1024 * MB;
/** More than SQLite can store in a file with 4 KB pages. */
export const STORED_BYTES_PER_TENANT_MAX = 1024 * 1024 * 1024 * MB;
/** What an event, and each of its deliveries, takes on disk in addition to the payload. */
export const STORED_BYTES_PER_ROW = 256;
/** Several times the throughput of one server, so that a tenant alone on a server is never slowed down. */
export const EVENTS_PER_SECOND_DEFAULT = 100_000;
export const EVENTS_PER_SECOND_MAX = 1_000_000;
/** Tenants whose rate is kept in memory. A tenant that was evicted starts again with one full second. */
export const RATED_TENANTS_COUNT_MAX = 10_000;
/** Tenant names are shown to people: in questions, mail subjects and text messages. */
export const TENANT_NAME_CHARS_MAX = 200;

// ── One attempt ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** A response with a larger head is a failure. */
export const ANSWER_HEAD_BYTES_MAX = 16 * KB;
/** What the sender reads of a response body before it closes the connection. */
export const ANSWER_BODY_BYTES_MAX = 16 * KB;
/** What the history stores of the body of a failed response, to help find the cause. */
export const SNIPPET_FAILED_BYTES_MAX = 1 * KB;
/**
 * What the history stores of the body of a successful response. At full throughput, this is most of the stored data.
 */
export const SNIPPET_OK_BYTES_MAX = 256;
export const ERROR_DETAIL_CHARS_MAX = 500;
/** Interim (1xx) responses accepted before the final one. */
export const INTERIM_ANSWERS_MAX = 8;

// ── Retries and endpoint health ─────────────────────────────────────────────────────────────────────────────────────

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

// ── The lane pool ───────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Attempts in flight, each with a socket and its buffers. Tenants share them: one tenant gets at most half, or a third
 * while none of its endpoints has had a success.
 */
export const IN_FLIGHT_MAX = 4096;
/**
 * How long attempts are started before the event loop gets its next turn. Every other request on the server waits
 * during this time.
 */
export const STARTING_SLICE_MS = 2;
/** Deliveries held in memory. Tenants share them: one tenant gets at most half. */
export const LANE_POOL_DELIVERIES_MAX = 20_000;
/** Payload bytes that lanes hold in memory, shared in the same way. Deliveries that do not fit wait in the store. */
export const LANE_POOL_BYTES_MAX = 64 * MB;
/** Test events in flight. They bypass the lanes, which limit all other attempts. */
export const TESTS_IN_FLIGHT_MAX = 64;
/**
 * Bytes of events that wait to be committed. Tenants share them: one tenant gets at most half, which is a batch of 200
 * events to 1000 endpoints each. When a tenant exceeds its share, its publish requests get a 503.
 */
export const PUBLISH_QUEUE_BYTES_MAX = 128 * MB;
/** Settlements that wait to be committed. Above this number, no attempt starts. */
export const SETTLE_QUEUE_MAX = 8192;
/**
 * Seconds of work that one lane holds in memory, measured by its recent pace. With more, leased deliveries would wait
 * behind a slow endpoint.
 */
export const LANE_HOLD_SECONDS = 5;
/** The largest number of deliveries that one lane holds. The smallest is its window. */
export const LANE_HOLD_MAX = 512;
/** Deliveries that a lane holds before its endpoint's first success, when its pace is unknown: four windows. */
export const LANE_HOLD_UNPROVEN_COUNT_MAX = 4 * WINDOW_START;
/** Payload bytes that one lane holds: 32 of the largest payloads, which matches the default of attempts in flight. */
export const LANE_HOLD_BYTES_MAX = 8 * MB;
/** Deliveries written in one transaction. Every member waits for the whole transaction. */
export const GROUP_DELIVERIES_MAX = 1000;
/**
 * Bytes written by one call. Three calls of a verb can share a transaction, and every member waits for the transaction.
 */
export const GROUP_BYTES_MAX = 1 * MB;
/**
 * Batches of one verb that are sent to the store at the same time. With only one, the writer would wait for the event
 * loop after each commit.
 */
export const BATCH_CALLS_MAX = 3;
/**
 * Elements that are sent without waiting for the end of the event loop's turn. When every batch waited, callers moved
 * in a convoy between the main thread and the writer, and each idled while the other worked. That cost 14 % of the
 * deliveries.
 */
export const BATCH_ELEMENTS_EARLY = 16;
/**
 * Deliveries claimed in one call, which every other tenant's commit waits for. With 128, a batch drained at two thirds
 * of the speed.
 */
export const CLAIM_DELIVERIES_MAX = 500;
/** Payload bytes claimed in one call. */
export const CLAIM_BYTES_MAX = 1 * MB;
/** Lanes claimed for, or adopted, in one call. */
export const CLAIM_LANES_MAX = 16;
/** The endpoints of all tenants that are cached in memory. */
export const ENDPOINT_CACHE_BYTES_MAX = 32 * MB;
/**
 * The cached endpoints of one tenant, about a thousand. Deliveries to further endpoints wait in the store until they
 * are claimed.
 */
export const ENDPOINT_CACHE_BYTES_PER_TENANT_MAX = 8 * MB;
/**
 * Endpoints read in one step for matching or sending. A step takes some milliseconds of the thread that serves all
 * reads.
 */
export const ENDPOINTS_PER_READ_MAX = 1000;
/** Endpoints read in one step with their secrets and headers. Each one takes up to 9 KB to pass between threads. */
export const DESTINATIONS_PER_READ_COUNT_MAX = 100;
/** Event types looked up in one step. Each needs one filter for each of its dots. */
export const TYPES_PER_READ_COUNT_MAX = 32;
/** Deliveries planned before yielding to the event loop, which takes about 5 ms. */
export const PUBLISH_SLICE_ROWS = 1000;
/** How long the server works on a batch before it yields to the event loop. */
export const BATCH_SLICE_MS = 5;
/** Credentials kept in memory. */
export const CREDENTIAL_CACHE_MAX = 10_000;
/** The longest timer. `setTimeout` with 31 days fires after 1 ms, and wall clocks jump. */
export const TIMER_MS_MAX = 60 * SECOND_MS;
export const RECONCILE_MS = 10 * SECOND_MS;
/** How often the server looks for changes by another process, such as the command line. */
export const CHANGES_POLL_MS = 500;
/** How often this node stores its heartbeat and the time. */
export const HEARTBEAT_MS = 1 * SECOND_MS;
/** How often the engine looks for lanes without work. */
export const TIDY_MS = 1 * SECOND_MS;
/** How often retention looks for rows that are too old. */
export const SWEEP_EVERY_MS = 10 * MINUTE_MS;
/** The pause between two steps of retention, so that it takes only a small share of the writer's time. */
export const SWEEP_STEP_PAUSE_MS = 20;
/** How far wall time and monotonic time may diverge before retention stops deleting by age. */
export const CLOCK_DRIFT_MS_MAX = 5 * MINUTE_MS;
/** How long retention does not delete by age after the clocks diverged. */
export const CLOCK_DOUBT_MS = 1 * HOUR_MS;
/** How long attempts in flight have to finish when the server stops. */
export const STOP_GRACE_MS = 8 * SECOND_MS;
/** How much longer requests that arrived before the stop have to be answered. */
export const STOP_ANSWERS_MS = 2 * SECOND_MS;
/**
 * The same signal within this time counts as one. On Ctrl-C, the terminal sends it to the server and npm forwards it
 * again.
 */
export const SIGNAL_ECHO_MS = SECOND_MS;

// ── The store ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Rows on one page of a list. */
export const LIST_PAGE_MAX = 100;
export const LIST_PAGE_DEFAULT = 20;
/**
 * Bytes of the rows on one page. A page that reaches this size ends early. It holds 32 pauses with the largest
 * metadata, or 1000 ordinary endpoints, and takes about 5 ms of the event loop.
 */
export const LIST_PAGE_BYTES_MAX = 512 * KB;
/** Reads with large results at the same time. While the event loop renders one, the reading thread reads the next. */
export const LARGE_READS_COUNT_MAX = 2;
/** Waiting reads with large results of one tenant: a few seconds of work. */
export const LARGE_READS_WAITING_OF_TENANT_COUNT_MAX = 1000;
/** Rows that one list statement visits. A read cannot be interrupted, so a slow one blocks its thread. */
export const LIST_ROWS_PER_STATEMENT = 2000;
/** Rows that one request visits before it returns a short page with a cursor. */
export const LIST_ROWS_PER_REQUEST = 6000;
/** Index ranges that one list merges. */
export const LIST_SOURCES_MAX = 64;
/**
 * How often the ledger, which the delivery history is read from, is brought up to date. It may lag behind by as many
 * rows as a query reads.
 */
export const LEDGER_KEEP_MS = 1 * SECOND_MS;
/**
 * Rows of deliveries, attempts and changes that can be newer than the stored ledger before the ledger is stored again.
 * The first query after a start reads these rows, which takes about 20 ms.
 */
export const LEDGER_BEHIND_ROWS_MAX = 10_000;
/**
 * Rows of each kind that are added to the ledger in one step. A step takes a few milliseconds; between steps, the
 * thread serves reads.
 */
export const LEDGER_STEP_ROWS = 1000;
/**
 * Columns of the ledger that are cached in memory, enough for 1.3 million deliveries. With more, some columns are read
 * again for every page.
 */
export const LEDGER_CACHE_BYTES_MAX = 64 * MB;
/**
 * Frozen states of the history that are remembered. Each `asOf` stands for the rows that were committed when its first
 * page was read.
 */
export const LEDGER_FREEZES_COUNT_MAX = 1000;
/** Rows of the history that an export reads in one step: about 5 ms of its thread and half a megabyte of CSV. */
export const EXPORT_STRETCH_ROWS = 500;
/**
 * How long an export pauses after each step while deliveries are in progress. An export uses both cores and is not
 * urgent.
 */
export const EXPORT_REST_MS = 50;
/** Exports in progress. Each one reads as fast as its client accepts data. */
export const EXPORTS_COUNT_MAX = 8;
/** Exports in progress of one tenant. The limit leaves capacity for other tenants. */
export const EXPORTS_OF_TENANT_COUNT_MAX = 2;
/** An export ends when its client accepts no data for this long. */
export const EXPORT_STALL_MS_MAX = MINUTE_MS;
/** Rows that one step of a background job changes. */
export const JOB_STEP_ROWS = 500;
/**
 * How long a job is skipped after one of its steps failed. It would probably fail again, and the other jobs continue.
 */
export const JOB_REST_MS = MINUTE_MS;
/** Rows that one step of retention deletes. With 500, a step stopped the writer for 13.7 ms. */
export const RETENTION_STEP_ROWS = 100;
/** Idempotency keys that one step of retention deletes. A step takes 1.2 ms; with 5000 keys it took 17 ms. */
export const RETENTION_STEP_KEYS = 1000;
/** Rows that one step of retention visits. A million deliveries that have not ended must not stop the writer either. */
export const RETENTION_STEP_VISITS = 500;
/** How often retention starts again at the oldest row. */
export const RETENTION_PASS_MS = HOUR_MS;
/** How far times may deviate from commit order. A time is taken before its row is committed. */
export const TIME_DISORDER_MS_MAX = MINUTE_MS;
/** Payload bytes that a tenant's paused endpoints hold. Above this, publish requests get a 507. */
export const HELD_BYTES_PER_TENANT_MAX = 16 * 1024 * MB;
/** A reserve file that is deleted when the disk is full, so that retention has space to work in. */
export const BALLAST_BYTES = 32 * MB;
/** How often the server checks a full disk again. */
export const ROOM_LOOK_MS = 1 * SECOND_MS;
export const WAL_SIZE_BYTES_MAX = 64 * MB;
export const ANALYTICS_HOURS_MAX = 720;

// ── Human pauses ────────────────────────────────────────────────────────────────────────────────────────────────────

export const PAUSE_MESSAGE_CHARS_MAX = 2000;
export const PAUSE_OPTIONS_COUNT_MIN = 2;
export const PAUSE_OPTIONS_COUNT_MAX = 5;
export const PAUSE_OPTION_CHARS_MAX = 100;
export const PAUSE_METADATA_BYTES_MAX = 16 * KB;
export const PAUSE_TEXT_CHARS_MAX = 2000;
/** A year. */
export const PAUSE_SECONDS_MAX = 31_536_000;
export const PAUSE_HOURS_MAX = 8760;
export const PAUSE_HOURS_DEFAULT = 24;
/** The shortest time for an answer. Deadlines are whole seconds, so the next one may be less than a second away. */
export const PAUSE_LIFE_MS_MIN = SECOND_MS / 2;
export const PAUSE_WAIT_SECONDS_MAX = 60;
/** Long polls of one tenant. Each one holds a connection and some kilobytes. */
export const PAUSE_WAITS_COUNT_MAX = 1000;
/** Pauses that one call times out. Each one writes an event and its deliveries. */
export const DUE_PAUSES_COUNT_MAX = 100;
/** How often the server looks for due pauses when none is known to be due. The wall clock may have jumped. */
export const DUE_PAUSES_LOOK_MS = SECOND_MS;
/** Page views that the audit log records for one pause. Link scanners and reloads must not fill the log. */
export const OPENINGS_COUNT_MAX = 20;
/** Refused answers that the audit log records for one pause. */
export const REFUSED_ANSWERS_COUNT_MAX = 20;
/** The largest offset into the audit log. Skipped rows are read, so callers narrow the dates instead. */
export const AUDIT_OFFSET_ROWS_MAX = 100_000;
export const USER_AGENT_CHARS_MAX = 200;
/** Connections to the mail server. Mail servers accept this many from one client. */
export const MAIL_CONNECTIONS_MAX = 5;
/** Notifications in progress in one channel. E-mails also wait for a connection to the mail server. */
export const NOTIFICATIONS_COUNT_MAX = 64;
/**
 * Notifications in progress of one tenant in one channel. Sixteen tenants with unresponsive receivers use up the
 * channel; one such tenant leaves nearly all of it.
 */
export const NOTIFICATIONS_OF_TENANT_COUNT_MAX = 4;
/** The time from connecting to the final response. */
export const NOTIFICATION_MS_MAX = 20 * SECOND_MS;
/** Characters stored of the reason why a notification was not sent. */
export const NOTIFICATION_REASON_CHARS_MAX = 200;
/**
 * When the server stops: how long it waits for the response to a message that may have been accepted, so that the
 * message is not sent twice.
 */
export const NOTIFICATION_LAST_WORD_MS = 2 * SECOND_MS;
/** RFC 5321 §4.5.3.1.1 and §4.5.3.1.3: the longest local part, and the longest address that mail servers carry. */
export const EMAIL_LOCAL_CHARS_MAX = 64;
export const EMAIL_CHARS_MAX = 254;
/** Mail clients show fewer characters of a subject. */
export const MAIL_SUBJECT_CHARS_MAX = 100;
/** The time until the mail server's greeting. It leaves as much time again for the message. */
export const SMTP_CONNECT_MS_MAX = 10 * SECOND_MS;
/** How long an idle connection to the mail server is kept. Pauses arrive in bursts. */
export const SMTP_IDLE_MS = 10 * SECOND_MS;
/** Slack's limits for the text of a section and of a header. */
export const SLACK_SECTION_CHARS_MAX = 3000;
export const SLACK_HEADER_CHARS_MAX = 150;
/** More than a phone's notification shows of a Slack message. */
export const SLACK_PREVIEW_CHARS_MAX = 500;
/** Twilio's limit. */
export const SMS_CHARS_MAX = 1600;
/**
 * The requester and the question in a text message. Text messages are billed per 70 or 160 characters, and the page
 * shows the full text.
 */
export const SMS_REQUESTER_CHARS_MAX = 60;
export const SMS_QUESTION_CHARS_MAX = 300;

// ── Inbound ─────────────────────────────────────────────────────────────────────────────────────────────────────────

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
/** Refused requests that one step of reprocessing verifies again. */
export const REPROCESS_STEP_ROWS = 50;
/** The largest offset into the inbound events. Skipped rows are read, so callers narrow the dates instead. */
export const INBOUND_OFFSET_ROWS_MAX = 100_000;

// ── People ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** NIST SP 800-63B §3.1.1: the minimum length of a password. */
export const PASSWORD_CHARS_MIN = 8;
/** Far longer than any passphrase. The limit bounds the cost of hashing. */
export const PASSWORD_CHARS_MAX = 1024;
/** A session ends when it was not used for this long, which spans a night. */
export const SESSION_IDLE_MS = 12 * HOUR_MS;
/** A session ends after this time, even if it is in use. */
export const SESSION_MS_MAX = 7 * DAY_MS;
/** How often the use of a session is stored. Each time is a commit, and a limit of 12 hours needs no more precision. */
export const SESSION_TOUCH_MS = MINUTE_MS;
/** Live sessions of one user. A further one ends the oldest. Scripts that sign in seldom sign out. */
export const SESSIONS_PER_USER_COUNT_MAX = 100;
/** How long a wrong password counts. */
export const BAD_PASSWORDS_WINDOW_MS = 15 * MINUTE_MS;
/** Wrong passwords for one account from one address: a person who forgot the password. */
export const BAD_PASSWORDS_HERE_COUNT_MAX = 5;
/** Wrong passwords for one account from all addresses: an attack by many machines. */
export const BAD_PASSWORDS_ACCOUNT_COUNT_MAX = 50;
/** Wrong passwords from one address for all accounts: one machine that tries a list of names. */
export const BAD_PASSWORDS_ADDRESS_COUNT_MAX = 20;
/** Accounts, addresses and pairs of them whose wrong passwords are remembered. Each takes a few hundred bytes. */
export const BAD_PASSWORDS_KEPT_COUNT_MAX = 10_000;
/** Passwords that wait to be checked. One check takes about 30 ms, one after another; further requests are refused. */
export const PASSWORD_CHECKS_WAITING_COUNT_MAX = 100;

// ── The stream ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A client that is this many outcomes behind is disconnected. It resumes with Last-Event-ID. */
export const STREAM_BEHIND_MAX = 1000;
export const STREAM_COMMENT_MS = 15 * SECOND_MS;
/** Open streams of one tenant. */
export const STREAMS_PER_TENANT_MAX = 100;

// ── The sender ──────────────────────────────────────────────────────────────────────────────────────────────────────

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
/** Parsed endpoint URLs and known receivers cached in memory. */
export const SENDER_TARGETS_MAX = 4096;
/** How late a deadline may fire. One timer serves all attempts. */
export const DEADLINE_TICK_MS = 20;
/**
 * Bytes read from the connection for one attempt, including framing. Without this limit, an endless chunk extension
 * would never be cut off.
 */
export const ANSWER_WIRE_BYTES_MAX = ANSWER_HEAD_BYTES_MAX + ANSWER_BODY_BYTES_MAX;
/** Characters used of a Retry-After header. A date needs 29. */
export const RETRY_AFTER_CHARS_MAX = 128;
