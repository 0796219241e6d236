/** Limits of the lane pool, and of the work that a node does at once. Each name ends in its unit, and each comment gives the reason. */
import { WINDOW_START } from "./attempts.ts";
import { HOUR_MS, MB, MINUTE_MS, SECOND_MS } from "./units.ts";

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
/** Deliveries in memory. Tenants share them: one tenant gets at most half. */
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
export const LANE_QUEUE_SECONDS = 5;
/** The largest number of deliveries that one lane holds. The smallest is its window. */
export const LANE_DELIVERIES_MAX = 512;
/** Deliveries that a lane holds before its endpoint's first success, when its pace is unknown: four windows. */
export const LANE_UNPROVEN_DELIVERIES_MAX = 4 * WINDOW_START;
/** Payload bytes that one lane holds: 32 of the largest payloads, which matches the default of attempts in flight. */
export const LANE_BYTES_MAX = 8 * MB;
/** Deliveries written in one transaction. Every member waits for the whole transaction. */
export const GROUP_DELIVERIES_MAX = 1000;
/**
 * Deliveries of one tenant that are written at a time while other tenants are active: about 3 ms. With 1000, the commits of
 * a bulk publisher delayed another tenant's event by 50 ms instead of 11 ms. The bulk publisher loses a third of its speed.
 */
export const GROUP_DELIVERIES_SHARED_MAX = 125;
/** How long a tenant counts as active. A tenant that publishes now and then should find short transactions. */
export const TENANT_ACTIVE_MS = 60_000;
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
 * How long a settlement may wait for a publish whose commit it shares. At 250 events a second, a commit for each of the two
 * takes a third of the processor time. After a crash, what was not committed is sent again, so the wait is short.
 */
export const COMPANY_WAIT_MS = 10;
/** Elements that are looked at in vain, because they do not fit, while a batch fills. */
export const BATCH_PASSED_OVER_COUNT_MAX = 1000;
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
/** Changes of the command line that are kept for a running server to read. After more of them it forgets everything. */
export const FOREIGN_CHANGES_KEPT_COUNT = 1000;
/** How often this node stores its heartbeat and the time. */
export const HEARTBEAT_MS = 1 * SECOND_MS;
/** A node whose clock differs by more from the database's says so in its log. NTP keeps clocks within some milliseconds. */
export const CLOCK_OFFSET_MS_MAX = 1 * SECOND_MS;
/** A node that was not heard for so long is gone, and others do its work: a killed node's deliveries wait this long. */
export const NODE_SILENT_MS = 15 * SECOND_MS;
/** A node whose heartbeats were not stored for so long starts no attempt: soon another one may do its work. */
export const NODE_UNSURE_MS = 10 * SECOND_MS;
/** A longer pause between two heartbeats means that the node was not heard, and has perhaps heard nobody. */
export const NODE_UNHEARD_MS = 5 * SECOND_MS;
/** How many leases of a node that is gone one transaction gives back, so that it stays short. */
export const VOID_LEASES_COUNT_MAX = 1000;
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
/** How much longer requests that arrived before the stop have to get a response. */
export const STOP_RESPONSES_MS = 2 * SECOND_MS;
/**
 * The same signal within this time counts as one. On Ctrl-C, the terminal sends it to the server and npm forwards it
 * again.
 */
export const SIGNAL_ECHO_MS = SECOND_MS;

/** A client that is this many outcomes behind is disconnected. It resumes with Last-Event-ID. */
export const STREAM_BEHIND_MAX = 1000;
/** How long outcomes gather before the readers of streams look for them in a store that several nodes share. */
export const STREAM_TOLD_MS = 50;
export const STREAM_COMMENT_MS = 15 * SECOND_MS;
/** Open streams of one tenant. */
export const STREAMS_PER_TENANT_MAX = 100;
/** More than a stream without a limit could send. */
export const STREAM_EVENTS_PER_SECOND_MAX = 10_000;
/** Deliveries that an agent replays in one request. For more, a person decides. */
export const AGENT_REPLAYED_DELIVERIES_MAX = 20;
