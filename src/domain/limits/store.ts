/** Limits of the store. Each name ends in its unit, and each comment gives the reason. */
import { HOUR_MS, KB, MB, MINUTE_MS, SECOND_MS } from "./units.ts";

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
/** Text that a list looks for in payloads. It fits a URL, and is longer than any id. */
export const PAYLOAD_SEARCH_CHARS_MAX = 200;
/** Larger payloads are not searched. Those of all rows that one request visits take 100 MB, about 50 ms. */
export const PAYLOAD_SEARCH_BYTES_MAX = 16 * KB;
/** Deliveries that a type's events are estimated from: an error of about 7 %, and half a millisecond per type. */
export const EVENT_RATE_SAMPLE_ROWS = 200;
/** Index ranges that one list merges. */
export const LIST_SOURCES_MAX = 64;
/** Endpoints in one filter of deliveries. Their ids take 2 KB of a URL, which every proxy passes. */
export const FILTER_ENDPOINTS_COUNT_MAX = 50;
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
 * Memory for the columns of the ledger, as `SIGNALBOX_HISTORY_CACHE_MB` says. If it is unset, it is enough for 1.2 million
 * deliveries; with more, some columns are read again for every page. Less than the minimum would not hold the segments
 * that deliveries change, and more than the maximum takes seconds to look through.
 */
export const HISTORY_CACHE_MB = { min: 16, max: 4096, unset: 64 };
export const HISTORY_CACHE_BYTES_DEFAULT = HISTORY_CACHE_MB.unset * MB;
/**
 * The same while nobody reads the history: the segments that deliveries change. The first read loads the others again,
 * which takes 70 to 90 ms for a million deliveries.
 */
export const HISTORY_UNREAD_CACHE_BYTES_MAX = HISTORY_CACHE_MB.min * MB;
/**
 * The history counts as read for this many steps of `LEDGER_STEP_ROWS` rows, or this many times `LEDGER_KEEP_MS` with few
 * rows: 10 minutes, and at full load one or two. A server to which nothing is written makes no steps.
 */
export const LEDGER_UNREAD_STEPS_COUNT = 600;
/**
 * Frozen states of the history that are remembered. Each `asOf` stands for the rows that were committed when its first
 * page was read.
 */
export const LEDGER_FREEZES_COUNT_MAX = 1000;
/** Rows of the history that an export reads in one step: about 5 ms of its thread and half a megabyte of CSV. */
export const EXPORT_PAGE_ROWS = 500;
/**
 * How long an export pauses after each step while deliveries are in progress. An export uses both cores and is not
 * urgent.
 */
export const EXPORT_REST_MS = 50;
/** The name of an export in the stream: long enough that a random one is unique, and short enough for a URL. */
export const PROGRESS_TOKEN_CHARS_MIN = 8;
export const PROGRESS_TOKEN_CHARS_MAX = 64;
/** How often the stream tells how far an export is. */
export const EXPORT_PROGRESS_MS = 1 * SECOND_MS;
/** Exports of which the server tells how far they are, or how they ended: about 300 bytes each. */
export const EXPORT_STATES_COUNT_MAX = 1000;
/** An export in progress that tells nothing for this long has been lost with its node. It may stall for a minute. */
export const EXPORT_SILENCE_MS_MAX = 3 * MINUTE_MS;
/** Exports in progress. Each one reads as fast as its client accepts data. */
export const EXPORTS_COUNT_MAX = 8;
/** Exports in progress of one tenant. The limit leaves capacity for other tenants. */
export const EXPORTS_OF_TENANT_COUNT_MAX = 2;
/** An export ends when its client accepts no data for this long. */
export const EXPORT_STALL_MS_MAX = MINUTE_MS;
/** Rows that one step of a background job changes. */
export const JOB_STEP_ROWS = 500;
/** Running bulk jobs of one tenant. They take turns. */
export const BULK_JOBS_OF_TENANT_COUNT_MAX = 20;
/** Deliveries that a bulk action changes in a second, at most: more than a server delivers. */
export const BULK_DELIVERIES_PER_SECOND_MAX = 10_000;
/** Endpoints that the count of a bulk action names. */
export const BULK_ENDPOINTS_COUNT_MAX = 100;
/** Deliveries that the count of a bulk action shows. */
export const BULK_SAMPLE_COUNT = 5;
/** Deliveries that a bulk action names one by one: one page of a list. */
export const BULK_DELIVERIES_COUNT_MAX = 100;
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
/** Buckets of statistics in one response: as many points as a chart can show. */
export const ANALYTICS_BUCKETS_COUNT_MAX = 720;
/** Hours of attempts in one response about several endpoints: with the most endpoints, half a megabyte. */
export const ENDPOINT_ATTEMPTS_HOURS_MAX = 168;
/** Minutes of statistics that are kept in memory. */
export const TALLY_MINUTES_MAX = 180;
/** Tallies in memory, each about 1 KB. With more, the oldest minutes are dropped. */
export const TALLIES_COUNT_MAX = 30_000;
/** Tallies of one minute. Endpoints and event types beyond them count only towards their tenant. */
export const TALLIES_OF_MINUTE_COUNT_MAX = 15_000;
/** Event types of one tenant that are counted in one minute. Callers choose the types, so there can be any number. */
export const TALLY_TYPES_OF_TENANT_COUNT_MAX = 200;
/** How often tallies are stored, and how often backlogs are counted. */
export const STATISTICS_STORE_MS = MINUTE_MS;
/** Tallies stored by one call, which takes about 3 ms of the writer. */
export const TALLIES_STORED_COUNT_MAX = 100;
/** Deliveries that one count of backlogs visits. A read cannot be interrupted; this many take about 20 ms. */
export const BACKLOG_ENTRIES_COUNT_MAX = 200_000;
/** How long connecting to PostgreSQL may take. While a node cannot connect, its publishers get 503. */
export const POSTGRES_CONNECT_MS_MAX = 5 * SECOND_MS;
/** How long PostgreSQL may work on one statement. All statements of the verbs limit their rows. */
export const POSTGRES_STATEMENT_MS_MAX = 10 * SECOND_MS;
/** How long a statement waits for a lock: for the turn of another node, whose transaction is limited too. */
export const POSTGRES_LOCK_MS_MAX = 5 * SECOND_MS;
/** How long a transaction may wait for its node. A frozen node keeps the others from writing for this long. */
export const POSTGRES_IDLE_MS_MAX = 5 * SECOND_MS;
/**
 * How long a statement may be without an answer before its connection is given up. A network that swallows packets reports
 * no error; this is longer than PostgreSQL itself allows.
 */
export const POSTGRES_ANSWER_MS_MAX = 12 * SECOND_MS;
/** How long nodes collect what they tell each other. Each notification is a transaction of its own. */
export const NODE_NOTES_MS = 50;
/** News of one topic that a node tells the others at once. Of more, it tells the tenants and the topic. */
export const NODE_NEWS_OF_TOPIC_COUNT_MAX = 25;
/** Tenants that a note about missed news names. With more, it is about all. */
export const NODE_MISSED_TENANTS_COUNT_MAX = 100;
/** PostgreSQL takes 7,999 bytes. */
export const NODE_NOTES_BYTES_MAX = 7900;
/** How long the connection that carries notes stays away after it was lost. */
export const POSTGRES_RECONNECT_MS = 1 * SECOND_MS;
/** How often a node looks for its own notification, once in 100 ms, before it concludes that a pooler passes none on. */
export const POSTGRES_TEST_LOOKS_COUNT_MAX = 20;
/** How often a node that gets no notifications looks for changes. The read takes about a millisecond. */
export const NODE_DEAF_POLL_MS = 250;
/** How often it tells its streams that they may have missed news: as often as the console reads again without a stream. */
export const NODE_DEAF_MISSED_MS = 15 * SECOND_MS;
/** How long a node tries to find out whether a COMMIT without an answer has happened, before it ends. */
export const POSTGRES_VERDICT_MS_MAX = 30 * SECOND_MS;
/** How long it waits between two tries. */
export const POSTGRES_VERDICT_STEP_MS = 250;
/** Rows, and about how many bytes, that one statement copies to PostgreSQL. Both processes hold two of them in memory. */
export const MOVE_BATCH_ROWS_MAX = 2000;
export const MOVE_BATCH_BYTES_MAX = 4 * MB;
/** Payloads that are compared byte for byte after a move. */
export const MOVE_PAYLOADS_COUNT_MAX = 1000;
/** Rows that one statement of `admin verify` looks at. A server may run: this many take some 20 ms of a reader. */
export const VERIFY_ROWS_COUNT_MAX = 5000;
/**
 * How often a node looks whether PostgreSQL has answered since, while it waits for a write. After three looks in vain it
 * refuses what it is not committing, so publishers get 503 within about a second.
 */
export const POSTGRES_LOOK_MS = 250;
export const POSTGRES_LOOKS_COUNT_MAX = 3;
