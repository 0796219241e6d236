/**
 * Every limit of the product: its name, its unit (last in the name) and its reason.
 */

const KB = 1024;
const MB = 1024 * KB;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

// ── What a caller may send ──────────────────────────────────────────────────────────────────────────────────────────

/** A management body is a handful of fields; more is a mistake or an attack. */
export const MANAGEMENT_BODY_BYTES_MAX = 64 * KB;
/** The largest event payload: what common receivers (functions, queues) still accept as one message. */
export const PAYLOAD_BYTES_MAX = 256 * KB;
/** A payload of the largest size plus its envelope of type, ids and key. */
export const EVENT_BODY_BYTES_MAX = 320 * KB;
/** A batch is parsed in memory at once. */
export const BATCH_BODY_BYTES_MAX = 8 * MB;
/** One transaction's worth of events. */
export const BATCH_EVENTS_MAX = 1000;
/** Deeper JSON is an attack on recursive readers, ours and the receivers'. */
export const JSON_DEPTH_MAX = 64;
export const EVENT_TYPE_CHARS_MAX = 128;
export const IDEMPOTENCY_KEY_CHARS_MAX = 255;
/** A time as text: RFC 3339 has no bound on the digits of a fraction, and who writes attoseconds writes 18. */
export const TIME_CHARS_MAX = 64;
/** How long an idempotency key is remembered: longer than any sane client retries. */
export const IDEMPOTENCY_TTL_MS = 72 * HOUR_MS;
/** Endpoints that one event may go to: one transaction stays short. */
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
/** All custom header names and values together; receivers commonly refuse heads above 8 KB. */
export const CUSTOM_HEADERS_BYTES_MAX = 4 * KB;
export const RETRIES_MAX = 20;
/** Two days between two attempts; a longer wait is a different product. */
export const RETRY_WAIT_SECONDS_MAX = 172_800;
export const MAX_IN_FLIGHT_MAX = 256;
export const MAX_IN_FLIGHT_DEFAULT = 32;
export const RATE_LIMIT_PER_SECOND_MAX = 10_000;
export const EVENT_FILTERS_MAX = 100;
/** `overlap_seconds` when a secret is rotated without one. */
export const ROTATE_OVERLAP_SECONDS_DEFAULT = 86_400;
export const ROTATE_OVERLAP_SECONDS_MAX = 30 * 86_400;
/** How far `waiting` counts: a count is a walk over an index. */
export const WAITING_COUNT_MAX = 10_000;
/** Endpoints of a tenant on one page, and the bound of one event's fan-out. */
export const ENDPOINTS_PAGE_MAX = 1000;
/** The default quota, and the most it can be: `GET /v1/webhooks` lists all of a tenant's endpoints in one answer. */
export const ENDPOINTS_PER_TENANT_MAX = 10_000;
/** How long a registration waits for a name's addresses. */
export const REGISTRATION_DNS_MS = 2 * SECOND_MS;

// ── Quotas of a tenant ──────────────────────────────────────────────────────────────────────────────────────────────

/** A key for each service and person of a large organisation, and a tenth of the credentials kept in memory. */
export const KEYS_PER_TENANT_COUNT_DEFAULT = 1000;
export const KEYS_PER_TENANT_COUNT_MAX = 100_000;
/** As many as one page lists. */
export const SOURCES_PER_TENANT_COUNT_DEFAULT = 1000;
/** A creation counts them: 0.2 ms of the writer. */
export const SOURCES_PER_TENANT_COUNT_MAX = 10_000;
/** Ten questions a second, each open for a day; with the largest metadata they take 20 GB. */
export const OPEN_PAUSES_PER_TENANT_COUNT_DEFAULT = 1_000_000;
export const OPEN_PAUSES_PER_TENANT_COUNT_MAX = 10_000_000;
/** Stops a runaway client before most disks are full. A tenant that shares its server is given less. */
export const STORED_BYTES_PER_TENANT_DEFAULT = 1024 * 1024 * MB;
/** More than SQLite keeps in a file of 4 KB pages. */
export const STORED_BYTES_PER_TENANT_MAX = 1024 * 1024 * 1024 * MB;
/** What an event, and each delivery made with it, takes on disk beside the payload. */
export const STORED_BYTES_PER_ROW = 256;
/** Several times what a server publishes today, so that a tenant alone on one is never slowed down. */
export const EVENTS_PER_SECOND_DEFAULT = 100_000;
export const EVENTS_PER_SECOND_MAX = 1_000_000;
/** Tenants whose rate is kept in memory; one that is forgotten begins with a full second. */
export const RATED_TENANTS_COUNT_MAX = 10_000;
/** A tenant's name is shown to people: in questions, subjects and text messages. */
export const TENANT_NAME_CHARS_MAX = 200;

// ── One attempt ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** An answer's head above this is a failure. */
export const ANSWER_HEAD_BYTES_MAX = 16 * KB;
/** What is read of an answer's body; then the connection is closed. */
export const ANSWER_BODY_BYTES_MAX = 16 * KB;
/** What the history keeps of a failed answer's body, for the person who has to find the fault. */
export const SNIPPET_FAILED_BYTES_MAX = 1 * KB;
/** What the history keeps of a successful answer's body: at full speed this is most of what is stored. */
export const SNIPPET_OK_BYTES_MAX = 256;
export const ERROR_DETAIL_CHARS_MAX = 500;
/** Interim (1xx) answers tolerated before the final one. */
export const INTERIM_ANSWERS_MAX = 8;

// ── Retries and endpoint health ─────────────────────────────────────────────────────────────────────────────────────

export const RETRY_JITTER = 0.2;
/** However long a receiver asks us to wait, a day is enough. */
export const RETRY_AFTER_MS_MAX = 24 * HOUR_MS;
/** A delivery's retries end after this, or after the schedule's own length plus a day when that is longer. */
export const EXPIRY_MS = 7 * DAY_MS;
export const EXPIRY_BEYOND_SCHEDULE_MS = 1 * DAY_MS;
/** Failures running after which an endpoint rests. */
export const REST_AFTER_FAILURES = 20;
export const REST_FIRST_MS = 30 * SECOND_MS;
export const REST_MS_MAX = 5 * MINUTE_MS;
/** The five-day rule: no success in at least this many attempts … */
export const DISABLE_AFTER_FAILURES = 20;
/** … spanning this much active time disables the endpoint. */
export const DISABLE_AFTER_ACTIVE_MS = 5 * DAY_MS;
/** Where an endpoint's in-flight window starts; it grows by one with each success. */
export const WINDOW_START = 4;
/** A delivery whose leases ended void this much more often than its schedule allows crashes the process: it fails. */
export const VOID_CLAIMS_MAX = 10;
/** How long a lane is put off whose endpoint cannot be read. */
export const BROKEN_LANE_MS = 60 * SECOND_MS;
/** The wait after an error of our own while rendering, so that it cannot become a hot loop. */
export const INTERNAL_ERROR_RETRY_MS = 60 * SECOND_MS;

// ── The lane pool ───────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Attempts on the wire at once: sockets and their buffers. Tenants share them: one alone has at most half, a third as
 * long as its endpoints have had no success.
 */
export const IN_FLIGHT_MAX = 4096;
/** How long attempts are started before the event loop takes its next turn: every other request on the server waits. */
export const STARTING_SLICE_MS = 2;
/** Deliveries held in memory. Tenants share them: one alone has at most half. */
export const LANE_POOL_DELIVERIES_MAX = 20_000;
/** Payload bytes held in memory by lanes, shared like the deliveries; what does not fit waits in the store. */
export const LANE_POOL_BYTES_MAX = 64 * MB;
/** Test events on the wire at once: they pass by the lanes that bound everything else. */
export const TESTS_IN_FLIGHT_MAX = 64;
/**
 * Bytes of events waiting for the publishing commit. Tenants share them: one alone has at most half, which is a batch of
 * 200 events to 1000 endpoints each. Above its share a tenant's publish answers 503.
 */
export const PUBLISH_QUEUE_BYTES_MAX = 128 * MB;
/** Settlements waiting for their commit; above it no attempt starts. */
export const SETTLE_QUEUE_MAX = 8192;
/** What waits in one lane in memory, as seconds of its own pace: more would wait leased behind a slow endpoint. */
export const LANE_HOLD_SECONDS = 5;
/** And never more than this, nor less than its window. */
export const LANE_HOLD_MAX = 512;
/** Before the endpoint's first success its pace is not known: four windows last until then. */
export const LANE_HOLD_UNPROVEN_COUNT_MAX = 4 * WINDOW_START;
/** Payload bytes that one lane holds: 32 of the largest payloads, the default of attempts in flight. */
export const LANE_HOLD_BYTES_MAX = 8 * MB;
/** Deliveries written in one transaction: its latency is every member's latency. */
export const GROUP_DELIVERIES_MAX = 1000;
/** Bytes written by one call. Three calls of a verb may share a transaction, which every member of it waits for. */
export const GROUP_BYTES_MAX = 1 * MB;
/** Batches of one verb on their way to the store: with one, the writer waits for the event loop after each commit. */
export const BATCH_CALLS_MAX = 3;
/**
 * Elements that need not wait for the end of the event loop's turn. When every batch did, callers moved in one convoy
 * between the main thread and the writer, and each idled while the other worked: 14 % fewer deliveries.
 */
export const BATCH_ELEMENTS_EARLY = 16;
/** Deliveries claimed in one verb: every other tenant's commit waits for it. With 128 a batch drained at two thirds of the speed. */
export const CLAIM_DELIVERIES_MAX = 500;
/** Payload bytes claimed in one verb. */
export const CLAIM_BYTES_MAX = 1 * MB;
/** Lanes claimed for, or adopted, in one verb. */
export const CLAIM_LANES_MAX = 16;
/** What all tenants' events go to, kept in memory. */
export const ENDPOINT_CACHE_BYTES_MAX = 32 * MB;
/** Of one tenant: all of some thousand endpoints. Beyond, its deliveries wait in the store until they are claimed. */
export const ENDPOINT_CACHE_BYTES_PER_TENANT_MAX = 8 * MB;
/** Endpoints read at once to match events or to send to: some milliseconds of the thread that serves everyone's reads. */
export const ENDPOINTS_PER_READ_MAX = 1000;
/** Endpoints read at once with their secrets and headers: each takes up to 9 KB to hand from thread to thread. */
export const DESTINATIONS_PER_READ_COUNT_MAX = 100;
/** Event types looked up at once, each by as many filters as it has dots. */
export const TYPES_PER_READ_COUNT_MAX = 32;
/** Deliveries planned before the event loop takes its next turn: some 5 ms. */
export const PUBLISH_SLICE_ROWS = 1000;
/** How long a batch is worked on before the event loop takes its next turn. */
export const BATCH_SLICE_MS = 5;
/** Credentials kept in memory. */
export const CREDENTIAL_CACHE_MAX = 10_000;
/** A timer never waits longer: `setTimeout` of 31 days fires after 1 ms, and clocks jump. */
export const TIMER_MS_MAX = 60 * SECOND_MS;
export const RECONCILE_MS = 10 * SECOND_MS;
/** How often a change made by another process (the command line) is looked for. */
export const CHANGES_POLL_MS = 500;
/** How often this node says that it is alive, and notes the time in the store. */
export const HEARTBEAT_MS = 1 * SECOND_MS;
/** How often lanes without work are looked for. */
export const TIDY_MS = 1 * SECOND_MS;
/** How often retention looks for what is too old. */
export const SWEEP_EVERY_MS = 10 * MINUTE_MS;
/** Between two steps of retention, so that it takes no more than a small share of the writer. */
export const SWEEP_STEP_PAUSE_MS = 20;
/** How far wall time and monotonic time may disagree before nothing is deleted by age. */
export const CLOCK_DRIFT_MS_MAX = 5 * MINUTE_MS;
/** How long nothing is deleted by age after they disagreed. */
export const CLOCK_DOUBT_MS = 1 * HOUR_MS;
/** How long attempts on the wire may finish when the server stops. */
export const STOP_GRACE_MS = 8 * SECOND_MS;
/** How long requests that came before the stop may still take to be answered, after that. */
export const STOP_ANSWERS_MS = 2 * SECOND_MS;
/** The same signal again within this time is the same wish: on Ctrl-C the terminal sends it, and npm passes it on. */
export const SIGNAL_ECHO_MS = SECOND_MS;

// ── The store ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Rows of one list page. */
export const LIST_PAGE_MAX = 100;
export const LIST_PAGE_DEFAULT = 20;
/**
 * What the rows of one page hold in the store: a page of rows above it ends early. 32 pauses with all the metadata that
 * they may have, or 1000 ordinary endpoints; some 5 ms of the event loop.
 */
export const LIST_PAGE_BYTES_MAX = 512 * KB;
/** Reads with large answers at once: while the event loop renders one, the reading thread reads the next. */
export const LARGE_READS_COUNT_MAX = 2;
/** Of one tenant, waiting: some seconds of them. */
export const LARGE_READS_WAITING_OF_TENANT_COUNT_MAX = 1000;
/** Rows that one list statement may visit: a read cannot be interrupted, so a slow one blocks its thread. */
export const LIST_ROWS_PER_STATEMENT = 2000;
/** Rows that one request may visit before it answers a short page with a cursor. */
export const LIST_ROWS_PER_REQUEST = 6000;
/** Index ranges merged for one list. */
export const LIST_SOURCES_MAX = 64;
/** How often what the delivery history is read from is brought up to date: it may fall behind by as much as a query reads. */
export const LEDGER_KEEP_MS = 1 * SECOND_MS;
/**
 * Rows of deliveries, attempts and changes that come after what is written of the ledger before it is written again:
 * what the first query after a start reads, some 20 ms.
 */
export const LEDGER_BEHIND_ROWS_MAX = 10_000;
/** Rows of each that are entered at once: a few milliseconds, between which its thread answers. */
export const LEDGER_STEP_ROWS = 1000;
/** Columns of the ledger kept in memory: of 1.3 million deliveries. Of more, some are read again for every page. */
export const LEDGER_CACHE_BYTES_MAX = 64 * MB;
/** Frozen pages remembered: what `asOf` names, beside its time, is what had been committed. */
export const LEDGER_FREEZES_COUNT_MAX = 1000;
/** Rows of the history read at once for an export: some 5 ms of its thread, and half a megabyte of CSV. */
export const EXPORT_STRETCH_ROWS = 500;
/** How long an export rests after each stretch while deliveries are under way: it costs both cores, and can wait. */
export const EXPORT_REST_MS = 50;
/** Exports under way: each reads as fast as its client takes it. */
export const EXPORTS_COUNT_MAX = 8;
/** Of one tenant, so that it leaves room for others. */
export const EXPORTS_OF_TENANT_COUNT_MAX = 2;
/** A client that takes nothing of its export for this long is cut off. */
export const EXPORT_STALL_MS_MAX = MINUTE_MS;
/** Rows changed by one step of a background job. */
export const JOB_STEP_ROWS = 500;
/** A job whose step broke is passed over for this long: it would break again, and the others go on. */
export const JOB_REST_MS = MINUTE_MS;
/** Rows deleted by one step of retention; 500 was measured to stop the writer for 13.7 ms. */
export const RETENTION_STEP_ROWS = 100;
/** Idempotency keys forgotten by one step of retention: 1.2 ms; 5000 of them took 17 ms. */
export const RETENTION_STEP_KEYS = 1000;
/** Rows looked at by one step of retention: a million that have not ended yet must not stop the writer either. */
export const RETENTION_STEP_VISITS = 500;
/** How often retention begins at the oldest row again. */
export const RETENTION_PASS_MS = HOUR_MS;
/** How far times may disagree with commit order: a time is taken before its commit is waited for. */
export const TIME_DISORDER_MS_MAX = MINUTE_MS;
/** Payload bytes that a tenant's paused endpoints may hold; above it publish answers 507. */
export const HELD_BYTES_PER_TENANT_MAX = 16 * 1024 * MB;
/** Freed when the disk is full, so that retention has room to free room. */
export const BALLAST_BYTES = 32 * MB;
/** How often a full disk is looked at again. */
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
/** The shortest time to answer in: the deadline stands on a whole second, which may be the present one's end. */
export const PAUSE_LIFE_MS_MIN = SECOND_MS / 2;
export const PAUSE_WAIT_SECONDS_MAX = 60;
/** Long polls of one tenant: each holds a connection and some kilobytes. */
export const PAUSE_WAITS_COUNT_MAX = 1000;
/** Pauses timed out in one verb: each writes an event and its deliveries. */
export const DUE_PAUSES_COUNT_MAX = 100;
/** How often due pauses are looked for though none is known to be due: the wall clock may have jumped. */
export const DUE_PAUSES_LOOK_MS = SECOND_MS;
/** Openings kept of one pause: scanners and reloads must not fill the audit. */
export const OPENINGS_COUNT_MAX = 20;
/** Refused answers kept of one pause. */
export const REFUSED_ANSWERS_COUNT_MAX = 20;
/** How far into the audit a list may begin: what is skipped is read; narrow the dates instead. */
export const AUDIT_OFFSET_ROWS_MAX = 100_000;
export const USER_AGENT_CHARS_MAX = 200;
/** Mails on the wire: what a mail server takes from one client without complaint. */
export const MAIL_CONNECTIONS_MAX = 5;
/** Notifications of one channel under way; those of a mail server wait for its connections. */
export const NOTIFICATIONS_COUNT_MAX = 64;
/** Of one tenant in one channel: sixteen with silent receivers leave nothing, one leaves nearly everything. */
export const NOTIFICATIONS_OF_TENANT_COUNT_MAX = 4;
/** From connecting to the other side's last word. */
export const NOTIFICATION_MS_MAX = 20 * SECOND_MS;
/** What is kept of why a notification was not sent. */
export const NOTIFICATION_REASON_CHARS_MAX = 200;
/** At a stop: how long the other side's word on a message that it may have is waited for, lest it be sent twice. */
export const NOTIFICATION_LAST_WORD_MS = 2 * SECOND_MS;
/** RFC 5321 §4.5.3.1.1 and §4.5.3.1.3: the longest name before the `@`, and the longest address that mail carries. */
export const EMAIL_LOCAL_CHARS_MAX = 64;
export const EMAIL_CHARS_MAX = 254;
/** Mail programs show less than this of a subject. */
export const MAIL_SUBJECT_CHARS_MAX = 100;
/** To the mail server's greeting; leaves as much again for the message. */
export const SMTP_CONNECT_MS_MAX = 10 * SECOND_MS;
/** How long an idle connection to the mail server is kept: questions come in bursts. */
export const SMTP_IDLE_MS = 10 * SECOND_MS;
/** Slack's own bounds, for a section's text and for a header. */
export const SLACK_SECTION_CHARS_MAX = 3000;
export const SLACK_HEADER_CHARS_MAX = 150;
/** What a notification on a telephone shows of a Slack message, generously. */
export const SLACK_PREVIEW_CHARS_MAX = 500;
/** Twilio's own bound. */
export const SMS_CHARS_MAX = 1600;
/** Who asks, and the question, in a text message: each is paid for by the 70 or 160 characters. The page has it all. */
export const SMS_REQUESTER_CHARS_MAX = 60;
export const SMS_QUESTION_CHARS_MAX = 300;

// ── Inbound ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The largest inbound body: as large as an event's payload, which it becomes. */
export const INBOUND_BODY_BYTES_MAX = 256 * KB;
/**
 * Signalbox servers that a webhook may have come through. Chains of several servers are rare, and each further hop lets a
 * loop over many endpoints multiply once more: with ten endpoints in a loop, three hops make 1,110 events.
 */
export const LOOP_HOPS_COUNT_MAX = 3;
/** Signatures looked at in one header: one, or two while the sender changes its secret. */
export const SIGNATURES_COUNT_MAX = 10;
/** Of a form, which is taken apart: a person fills in some dozens, and each takes as long as a hundred bytes of text. */
export const FORM_PARAMETERS_COUNT_MAX = 1000;
export const SOURCE_NAME_CHARS_MAX = 200;
/** In a source's settings: header names, JSON pointers, what stands before a type or a signature, what is signed. */
export const SOURCE_HEADER_CHARS_MAX = 100;
export const SOURCE_POINTER_CHARS_MAX = 256;
export const SOURCE_PREFIX_CHARS_MAX = 64;
export const SOURCE_TEMPLATE_CHARS_MAX = 256;
export const SOURCE_USERNAME_CHARS_MAX = 200;
/** The other side often chooses it, so a short one is taken too. */
export const SOURCE_SECRET_CHARS_MIN = 1;
/** Sources kept in memory by what requests name them by. */
export const KNOWN_SOURCES_COUNT_MAX = 2000;
/** Fields of a pause-status request. */
export const INBOUND_FIELD_CHARS_MAX = 200;
export const INBOUND_NOTES_CHARS_MAX = 2000;
/** How far a signed timestamp may be from the time of receipt: what Standard Webhooks, Stripe and Slack agree on. */
export const INBOUND_TOLERANCE_SECONDS = 300;
export const INBOUND_TOLERANCE_SECONDS_MAX = 86_400;
/** Refused requests kept of each known source, and of everybody else together. */
export const REFUSED_KEPT_COUNT_MAX = 1000;
/** Of the body of a refused request of nobody known. */
export const REFUSED_BODY_BYTES_MAX = 16 * KB;
/** Refused requests looked at and kept, a second: of one address, and of all. */
export const REFUSED_PER_ADDRESS_SECOND_COUNT_MAX = 20;
export const REFUSED_PER_SECOND_COUNT_MAX = 200;
/** Time for looking at requests that fail, a second: of one address, and of all; a quarter of it would be felt. */
export const REFUSED_WORK_PER_ADDRESS_SECOND_MS_MAX = 50;
export const REFUSED_WORK_PER_SECOND_MS_MAX = 150;
/** Of that at once: for so long everything else waits. */
export const REFUSED_WORK_AT_ONCE_MS_MAX = 20;
/** A body that is looked at in half a millisecond, whatever is in it: only for larger ones time is kept count of. */
export const LIGHT_BODY_BYTES_MAX = 8 * KB;
/**
 * Refused rows of one list whose cause is looked for, and how much of bodies: each takes a few milliseconds, and a list
 * is to come quickly. The rest show it one by one.
 */
export const EXPLAINED_PER_LIST_ROWS_MAX = 20;
export const EXPLAINED_PER_LIST_BYTES_MAX = 64 * KB;
/** Headers kept with a request, names and values: what common senders sign with takes some hundred characters. */
export const INBOUND_HEADERS_CHARS_MAX = 8 * KB;
/** Addresses that failing or proven requests are remembered of. */
export const INBOUND_ADDRESSES_COUNT_MAX = 10_000;
/** Addresses without a failure that are looked at in a second though all together have failed too often. */
export const INBOUND_NEWCOMERS_SECOND_COUNT_MAX = 1000;
/** How long an address from which a verified request came is looked at whatever else comes from there. */
export const INBOUND_PROVEN_MS = DAY_MS;
/** How long a refusal without a look is held back, so that whoever sends as fast as answers come sends no faster. */
export const INBOUND_REFUSAL_DELAY_MS = SECOND_MS;
/** Refusals held back at once; who comes beyond that is hung up on. */
export const INBOUND_REFUSALS_HELD_COUNT_MAX = 1000;
/** Events shown with the inbound event that they were made from: one, and one for each time it was reprocessed. */
export const INBOUND_EVENTS_SHOWN_MAX = 100;
/** Refused requests verified again in one step. */
export const REPROCESS_STEP_ROWS = 50;
/** How far into the inbound events a list may begin: what is skipped is read; narrow the dates instead. */
export const INBOUND_OFFSET_ROWS_MAX = 100_000;

// ── People ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** NIST SP 800-63B §3.1.1: the shortest password worth hashing. */
export const PASSWORD_CHARS_MIN = 8;
/** Far above any passphrase; what is hashed has to end somewhere. */
export const PASSWORD_CHARS_MAX = 1024;
/** A session that was not used for this long is over: half a day, a night. */
export const SESSION_IDLE_MS = 12 * HOUR_MS;
/** A session is over after this, however much it is used. */
export const SESSION_MS_MAX = 7 * DAY_MS;
/** How often a session's use is written down: each is a commit, and half a day is not measured in seconds. */
export const SESSION_TOUCH_MS = MINUTE_MS;
/** Live sessions of one user; above it the oldest ends. Whoever signs in from scripts seldom signs out. */
export const SESSIONS_PER_USER_COUNT_MAX = 100;
/** For how long a bad password counts. */
export const BAD_PASSWORDS_WINDOW_MS = 15 * MINUTE_MS;
/** For one account from one address: a person who does not remember. */
export const BAD_PASSWORDS_HERE_COUNT_MAX = 5;
/** For one account, from wherever: many machines that guess. */
export const BAD_PASSWORDS_ACCOUNT_COUNT_MAX = 50;
/** From one address, for whatever account: one machine that tries a list of names. */
export const BAD_PASSWORDS_ADDRESS_COUNT_MAX = 20;
/** Accounts, addresses and pairs of them that bad passwords are remembered of: each takes some hundred bytes. */
export const BAD_PASSWORDS_KEPT_COUNT_MAX = 10_000;
/** Passwords that wait to be checked, one after the other at some 30 ms each; more are refused. */
export const PASSWORD_CHECKS_WAITING_COUNT_MAX = 100;

// ── The stream ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A reader this many outcomes behind is dropped; it resumes with Last-Event-ID. */
export const STREAM_BEHIND_MAX = 1000;
export const STREAM_COMMENT_MS = 15 * SECOND_MS;
/** Open streams of one tenant. */
export const STREAMS_PER_TENANT_MAX = 100;

// ── The sender ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** How long a name's addresses are remembered; a receiver that moves is found again within this. */
export const DNS_TTL_MS = 30 * SECOND_MS;
/** How long a failed look-up is remembered: enough that a dead name is not asked for once an attempt. */
export const DNS_FAILURE_TTL_MS = 5 * SECOND_MS;
/** How long a look-up may take in all, whatever the name servers do. */
export const DNS_LOOKUP_MS_MAX = 5 * SECOND_MS;
/** Names remembered. */
export const DNS_CACHE_MAX = 10_000;
/** Addresses of one name that a connection tries; all of them are checked. */
export const ADDRESSES_TRIED_MAX = 8;
/** Before the next address is tried beside a silent one. RFC 8305 advises 250 ms; distant receivers need more. */
export const ADDRESS_HEAD_START_MS = 500;
/** How often the hosts file is looked at for changes. */
export const HOSTS_FILE_CHECK_MS = 5 * SECOND_MS;
/** A connection older than this is not reused, so that its name is resolved and its addresses are checked again. */
export const CONNECTION_AGE_MS_MAX = MINUTE_MS;
/** How long an idle connection is kept when the receiver does not say: servers commonly close theirs after 5 s. */
export const CONNECTION_IDLE_MS = 4 * SECOND_MS;
/** A connection is not used in the last part of the time for which its receiver keeps it: the request has to arrive. */
export const KEEP_ALIVE_MARGIN_MS = 1 * SECOND_MS;
/** One buffer for all plain connections: what the system hands over at most in one read. */
export const READ_BUFFER_BYTES = 64 * KB;
/** How often idle connections are looked through for those that nobody will use again. */
export const IDLE_SWEEP_MS = 1 * SECOND_MS;
/** The wait before a connection is tried again that this machine had no file descriptor or local port for. */
export const CONNECT_AGAIN_MS = 500;
/** Search domains of resolv.conf that are tried; glibc tried as many for decades. */
export const SEARCH_DOMAINS_COUNT_MAX = 6;
/** Idle connections kept over all receivers; above it the one idle for longest is closed. Each is a file descriptor. */
export const IDLE_CONNECTIONS_MAX = 1024;
/** Parsed endpoint URLs kept in memory, and receivers known. */
export const SENDER_TARGETS_MAX = 4096;
/** How late a deadline may fire: one timer serves all attempts. */
export const DEADLINE_TICK_MS = 20;
/** What is read from the wire for one attempt, framing included: else an endless chunk extension would be free. */
export const ANSWER_WIRE_BYTES_MAX = ANSWER_HEAD_BYTES_MAX + ANSWER_BODY_BYTES_MAX;
/** What is handed over of a Retry-After header; a date needs 29. */
export const RETRY_AFTER_CHARS_MAX = 128;
