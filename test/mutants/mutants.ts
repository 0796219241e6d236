/**
 * Small deliberate faults in the engine, the store and the sender. `npm run mutants` applies each in turn and expects
 * the named test to fail: a fault that no test notices is a rule that no test holds.
 */

export interface Mutant {
  readonly fault: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** A test file, and optionally the only tests in it to run, as `--test-name-pattern` has it. */
  readonly test: string;
  readonly only?: string;
}

const CONFORMANCE = "test/conformance/store-sqlite.test.ts";
const SIMULATION = "test/sim/sim.test.ts";

const domain: readonly Mutant[] = [
  {
    fault: "the retry schedule is off by one",
    file: "src/domain/delivery/retry.ts",
    find: "scheduleSeconds[runAttempts];",
    replace: "scheduleSeconds[runAttempts + 1];",
    test: "src/domain/delivery/retry.test.ts",
  },
  {
    fault: "jitter only makes waits longer",
    file: "src/domain/delivery/retry.ts",
    find: "(1 - RETRY_JITTER + 2 * RETRY_JITTER * jitter)",
    replace: "(1 + 2 * RETRY_JITTER * jitter)",
    test: "src/domain/delivery/retry.test.ts",
  },
  {
    fault: "a receiver can put a delivery off for years with Retry-After",
    file: "src/domain/delivery/retry.ts",
    find: "Math.min(Math.max(waitMs, 0), RETRY_AFTER_MS_MAX)",
    replace: "Math.max(waitMs, 0)",
    test: "src/domain/delivery/retry.test.ts",
  },
  {
    fault: "a redirect counts as success",
    file: "src/domain/delivery/delivery.ts",
    find: "httpStatus < 300",
    replace: "httpStatus < 400",
    test: "src/domain/delivery/delivery.test.ts",
  },
  {
    fault: "a 410 does not disable the endpoint",
    file: "src/domain/delivery/delivery.ts",
    find: 'disable: "gone",',
    replace: "disable: null,",
    test: "src/domain/delivery/delivery.test.ts",
  },
  {
    fault: "a 503 with Retry-After does not hold back the endpoint's other deliveries",
    file: "src/domain/delivery/delivery.ts",
    find: "httpStatus === 429 || httpStatus === 503;",
    replace: "httpStatus === 429;",
    test: "src/domain/delivery/delivery.test.ts",
  },
  {
    fault: "deliveries expire while their endpoint is paused",
    file: "src/domain/delivery/delivery.ts",
    find: "isExpired(dueAt - rules.heldMs,",
    replace: "isExpired(dueAt,",
    test: "src/domain/delivery/delivery.test.ts",
  },
  {
    fault: "an endpoint rests one failure late",
    file: "src/domain/delivery/health.ts",
    find: "failureStreak < REST_AFTER_FAILURES || resting",
    replace: "failureStreak <= REST_AFTER_FAILURES || resting",
    test: "src/domain/delivery/health.test.ts",
  },
  {
    fault: "attempts that were in flight when a rest began make it longer",
    file: "src/domain/delivery/health.ts",
    find: "REST_AFTER_FAILURES || resting)",
    replace: "REST_AFTER_FAILURES)",
    test: "src/domain/delivery/health.test.ts",
  },
  {
    fault: "an overloaded receiver gets as many requests as before",
    file: "src/domain/delivery/health.ts",
    find: "Math.max(1, Math.floor(window / 2))",
    replace: "window",
    test: "src/domain/delivery/health.test.ts",
  },
  {
    fault: "a server's own loop is not counted",
    file: "src/domain/delivery/loops.ts",
    find: "=== OURS).length",
    replace: "!== OURS).length",
    test: "src/domain/delivery/loops.test.ts",
  },
];

const engine: readonly Mutant[] = [
  {
    fault: "an ordered delivery starts next to one that is in flight",
    file: "src/engine/delivery/lane.ts",
    find: "if (delivery.ordered) this.#barrier = true;",
    replace: "",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "failures that are not stored yet free their places in the window",
    file: "src/engine/delivery/lane.ts",
    find: "this.#inFlight + this.#failing < this.#inFlightLimit()",
    replace: "this.#inFlight < this.#inFlightLimit()",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "an older state of the store replaces a newer one",
    file: "src/engine/delivery/lane.ts",
    find: "if (state.revision < this.#revision) return;",
    replace: "",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "a new ordered delivery overtakes those that are on their way back to the store",
    file: "src/engine/delivery/lane.ts",
    find: "ordered && (this.#readyAt !== null || this.#returning > 0)",
    replace: "ordered && this.#readyAt !== null",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "an endpoint that answered 410 gets more until that is stored",
    file: "src/engine/delivery/lane.ts",
    find: "this.#held ||= transition.disable !== null;",
    replace: "",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "the rate limit is not kept",
    file: "src/engine/delivery/lane.ts",
    find: "&& this.#nextStartAt <= now;",
    replace: ";",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "a probed endpoint gets a whole window",
    file: "src/engine/delivery/lane.ts",
    find: "return this.#probing ? 1 : Math.min(",
    replace: "return Math.min(",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "an ordered lane claims while it holds deliveries",
    file: "src/engine/delivery/lane.ts",
    find: "return this.#endpoint.ordered ? this.isIdle : this.#isWorthClaiming();",
    replace: "return this.#isWorthClaiming();",
    test: "src/engine/delivery/lane.test.ts",
  },
  {
    fault: "tenants do not take turns",
    file: "src/engine/scheduling/fair-queue.ts",
    find: "if (this.#lines.size > 1) {",
    replace: "if (this.#lines.size < 0) {",
    test: "src/engine/delivery/dispatch.test.ts",
  },
  {
    fault: "one tenant may take everything that tenants share",
    file: "src/engine/scheduling/shares.ts",
    find: "this.#max - this.#taken - this.of(tenantSeq) - part",
    replace: "this.#max - this.#taken",
    test: "src/engine/delivery/dispatch.test.ts",
  },
  {
    fault: "lanes without a success take their tenant's whole share",
    file: "src/engine/delivery/dispatch.ts",
    find: "!lane.isProven && lane.inFlight > 0 && !this.#mayStartUnproven(lane.tenantSeq)",
    replace: "false",
    test: "src/engine/delivery/dispatch.test.ts",
  },
  {
    fault: "attempts start although their results cannot be queued",
    file: "src/engine/delivery/dispatch.ts",
    find: "this.#inFlight.taken + this.#options.settleQueueSize() < SETTLE_QUEUE_MAX",
    replace: "true",
    test: "src/engine/delivery/dispatch.test.ts",
  },
  {
    fault: "a burst of attempts keeps the event loop",
    file: "src/engine/scheduling/time-slice.ts",
    find: "< this.#sliceMs) continue;",
    replace: "< Number.POSITIVE_INFINITY) continue;",
    test: "src/engine/scheduling/time-slice.test.ts",
  },
  {
    fault: "a batch grows beyond what one transaction may hold",
    file: "src/engine/scheduling/batcher.ts",
    find: "rows > this.#options.rowsMax ||",
    replace: "",
    test: "src/engine/scheduling/batcher.test.ts",
  },
  {
    fault: "a tenant's rate of events is not limited",
    file: "src/engine/access/publish-rate.ts",
    find: "tokens < 1) {",
    replace: "tokens < -1e9) {",
    test: "src/engine/access/publish-rate.test.ts",
  },
  {
    fault: "an inbound signature with an old timestamp is accepted",
    file: "src/engine/inbound/schemes/stamped.ts",
    find: 'if (time.kind === "rejected") return time;',
    replace: 'if (time.kind === "rejected") return { kind: "signed", stamp: null, proofs: [] };',
    test: "src/engine/inbound/verify.test.ts",
  },
];

const store: readonly Mutant[] = [
  {
    fault: "an event goes to endpoints that have changed since it was matched",
    file: "src/store/sqlite/delivery/publish.ts",
    find: 'if (stale) return { kind: "stale" };',
    replace: "",
    test: CONFORMANCE,
    only: "the SQLite store endpoints",
  },
  {
    fault: "an idempotency key answers for another event",
    file: "src/store/sqlite/delivery/publish.ts",
    find: "remembered.fingerprint !== idempotency.fingerprint",
    replace: "false",
    test: CONFORMANCE,
    only: "the SQLite store idempotency keys",
  },
  {
    fault: "a delivery is leased to a lane that may not lease",
    file: "src/store/sqlite/delivery/publish.ts",
    find: "target.token !== null && mayLease(",
    replace: "target.token !== null && (() => true)(",
    test: CONFORMANCE,
    only: "the SQLite store publish",
  },
  {
    fault: "a settlement applies to a lease that was given to another",
    file: "src/store/sqlite/delivery/settle.ts",
    find: "const ours = row.lease === token;",
    replace: "const ours = true;",
    test: CONFORMANCE,
    only: "the SQLite store settlements",
  },
  {
    fault: "a settlement that is repeated records its attempt twice",
    file: "src/store/sqlite/delivery/settle.ts",
    find: "const repeats = ours ? null : findAttempt(w, previousSeq, attempt.id);",
    replace: "const repeats = null;",
    test: CONFORMANCE,
    only: "the SQLite store settlements",
  },
  {
    fault: "a settlement of before a reset changes the endpoint's health",
    file: "src/store/sqlite/delivery/settle.ts",
    find: "settlement.generation === lane.generation ?",
    replace: "settlement.generation !== -1 ?",
    test: CONFORMANCE,
    only: "the SQLite store health",
  },
  {
    fault: "a cancelled delivery is retried",
    file: "src/store/sqlite/delivery/settle.ts",
    find: "lane.deleted || row.cancel_requested === 1",
    replace: "lane.deleted",
    test: CONFORMANCE,
    only: "the SQLite store settlements",
  },
  {
    fault: "a held endpoint's deliveries are claimed",
    file: "src/store/sqlite/delivery/claim.ts",
    find: "if (!isHeld(lane) && !waits) {",
    replace: "if (!waits) {",
    test: CONFORMANCE,
    only: "the SQLite store claims",
  },
  {
    fault: "a resting endpoint's deliveries are claimed",
    file: "src/store/sqlite/delivery/claim.ts",
    find: "if (!isHeld(lane) && !waits) {",
    replace: "if (!isHeld(lane)) {",
    test: CONFORMANCE,
    only: "the SQLite store health",
  },
  {
    fault: "a probe takes a whole window from the store",
    file: "src/store/sqlite/delivery/claim.ts",
    find: "isProbing(lane.health) ? Math.min(count, 1) : count",
    replace: "count",
    test: CONFORMANCE,
    only: "the SQLite store health",
  },
  {
    fault: "a payload that ends the process ends it again and again",
    file: "src/store/sqlite/delivery/claim.ts",
    find: "voidClaims >= scheduleSeconds.length + VOID_CLAIMS_MAX",
    replace: "voidClaims < 0",
    test: CONFORMANCE,
    only: "the SQLite store leases",
  },
  {
    fault: "due deliveries are claimed out of order",
    file: "src/store/sqlite/delivery/claim.ts",
    find: "ORDER BY d.due_at, d.seq",
    replace: "ORDER BY d.seq DESC",
    test: CONFORMANCE,
    only: "the SQLite store claims",
  },
  {
    fault: "a claim takes deliveries that are not due",
    file: "src/store/sqlite/delivery/claim.ts",
    find: "AND d.due_at <= ?",
    replace: "AND d.due_at + 0 * ? IS NOT NULL",
    test: CONFORMANCE,
    only: "the SQLite store claims",
  },
  {
    fault: "an answer after the deadline wins over the time-out",
    file: "src/store/sqlite/pauses/pause-endings.ts",
    find: "if (request.now >= row.expires_at) return timeOut(row);",
    replace: "",
    test: CONFORMANCE,
    only: "the SQLite store deadlines of pauses",
  },
  {
    fault: "a tenant may store more bytes than its quota",
    file: "src/store/sqlite/access/usage.ts",
    find: "storedBytes + addedBytes + bytes > limit",
    replace: "false",
    test: CONFORMANCE,
    only: "the SQLite store quotas",
  },
  {
    fault: "a broken verb takes the other verbs of its group along",
    file: "src/store/sqlite/group.ts",
    find: "w.mode.careful = true;",
    replace: "",
    test: "src/store/sqlite/group.test.ts",
  },
  {
    fault: "memory of an abandoned group is kept",
    file: "src/store/sqlite/group.ts",
    find: "    forget(w);\n    throw error;",
    replace: "    throw error;",
    test: "src/store/sqlite/group.test.ts",
  },
  {
    fault: "a release loses the delivery that it gives back",
    file: "src/engine/delivery/lane-scheduler.ts",
    find: "this.#options.claims.wake(wakes);",
    replace: "",
    test: SIMULATION,
  },
];

const sender: readonly Mutant[] = [
  {
    fault: "an IPv4 address passes the guard in IPv6 notation",
    file: "src/sender/guard.ts",
    find: "address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ?",
    replace: "address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && address.parts.length < 0 ?",
    test: "src/sender/guard.test.ts",
  },
  {
    fault: "a cloud's metadata service can be reached",
    file: "src/sender/guard.ts",
    find: "isIn(plain(address), CLOUD_METADATA)",
    replace: "isIn(plain(address), [])",
    test: "src/sender/guard.test.ts",
  },
  {
    fault: "unassigned IPv6 addresses can be reached",
    file: "src/sender/guard.ts",
    find: 'address.kind() === "ipv4" || isIn(address, GLOBAL_UNICAST_V6)',
    replace: "true",
    test: "src/sender/guard.test.ts",
  },
  {
    fault: "tenants share connections",
    file: "src/sender/pool.ts",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    find: "`${owner} ${target.origin}`",
    replace: "target.origin",
    test: "test/conformance/sender-reuse.test.ts",
  },
  {
    fault: "a connection is used after the receiver said it would close it",
    file: "src/sender/pool.ts",
    find: "return Math.min(idleSeconds * 1000 - KEEP_ALIVE_MARGIN_MS, CONNECTION_AGE_MS_MAX);",
    replace: "return CONNECTION_IDLE_MS;",
    test: "test/conformance/sender-reuse.test.ts",
  },
  {
    fault: "an old connection is never checked against the guard again",
    file: "src/sender/pool.ts",
    find: " && nowMs - connection.openedMs <= CONNECTION_AGE_MS_MAX;",
    replace: ";",
    test: "test/conformance/sender.test.ts",
  },
  {
    fault: "a reset of an idle connection costs an attempt",
    file: "src/sender/exchange.ts",
    find: "else if (this.#wireBytes === 0 && this.#mayRepeat) this.#repeat();",
    replace: "",
    test: "test/conformance/sender-reuse.test.ts",
  },
  {
    fault: "a response body is read without end",
    file: "src/sender/exchange.ts",
    find: "this.#bodyBytes > ANSWER_BODY_BYTES_MAX",
    replace: "false",
    test: "test/conformance/sender-hostile.test.ts",
    only: "an endless body",
  },
];

export const MUTANTS: readonly Mutant[] = [...domain, ...engine, ...store, ...sender];
