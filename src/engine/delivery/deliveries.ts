/** The way of a delivery on this node: from its lease to its settlement. */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import { nextWindow } from "../../domain/delivery/health.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import type { Seq } from "../../domain/ids.ts";
import { GROUP_BYTES_MAX, GROUP_DELIVERIES_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LaneState, Lease, SettledResult, Settlement, SettleResult, Store, Wake } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { createBatcher } from "../scheduling/batcher.ts";
import type { Outage } from "../upkeep/outage.ts";
import type { AttemptMade, Attempts } from "./attempts.ts";
import { type Claims, createClaims } from "./claims.ts";
import { createDispatch, type Dispatch } from "./dispatch.ts";
import { applyState, isBlocked, type Lane } from "./lane.ts";
import { createLanePool, type LanePool } from "./lane-pool.ts";
import type { Tokens } from "./lease-tokens.ts";

export interface Deliveries {
  readonly lanePool: LanePool;
  readonly dispatch: Dispatch;
  readonly claims: Claims;
  /** A publish leased this delivery for us. */
  admit(lane: Lane, delivery: LeasedDelivery): void;
  /** An endpoint was changed: hold, resume, or go on with its new settings. */
  changed(endpoint: Destination, state: LaneState): Promise<void>;
  /** An endpoint was deleted. */
  deleted(state: LaneState): Promise<void>;
  /** Drop a delivery that was cancelled while leased, if it is not on the wire. */
  dropCancelled(endpointSeq: Seq, deliverySeq: Seq): void;
  /** Close lanes that were not used for a while. */
  tidy(): void;
  readonly settleQueueSize: number;
  /** Start nothing more, and lease nothing more for it. */
  halt(): void;
  /** Whether something may be leased for this node. */
  readonly takesLeases: boolean;
  /** Wait until nothing is on the wire, at most `graceMs`; then call `abort`, and wait for the rest. */
  /** Count something as being on the wire until it is done. */
  alongside<T>(work: Promise<T>): Promise<T>;
  landed(graceMs: number, abort: () => void): Promise<void>;
  /** Settle what has ended; resolves when it is written. */
  flush(): Promise<void>;
  /** Give back everything that is not on the wire. */
  giveBackAll(): Promise<void>;
}

export interface DeliveriesOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly attempts: Attempts;
  readonly tokens: Tokens;
  readonly telemetry: Telemetry;
  readonly node: number;
  readonly outage: Outage;
  /** After each settlement: for the stream. */
  readonly onOutcome: (
    delivery: LeasedDelivery,
    endpoint: Destination,
    made: AttemptMade,
    result: SettledResult,
  ) => void;
  /** The store disabled this tenant's endpoint by itself. */
  readonly onDisabled: (endpoint: Destination) => void;
}

/** What a settlement takes in a group commit beside its snippet, roughly. */
const SETTLEMENT_BYTES = 300;
/** Weight of a new attempt in the smoothed duration. */
const ATTEMPT_MS_WEIGHT = 0.1;

export function createDeliveries(options: DeliveriesOptions): Deliveries {
  const { clock, store, attempts, telemetry, outage } = options;
  const lanePool = createLanePool(clock);
  /** Lanes that were closed and are not disowned yet: until then nobody would claim for them. */
  const closed = new Set<Seq>();
  let stopping = false;
  /** Each attempt until it is settled or given back. */
  const onWire = new Set<Promise<void>>();
  const settlements = createBatcher<Settlement, SettleResult>({
    carryOut: (batch) => store.settle(batch),
    rowsMax: GROUP_DELIVERIES_MAX,
    bytesMax: GROUP_BYTES_MAX,
    // An attempt that was made must be written; nothing new is sent until it is.
    onFailure: (error) => outage.wait(error),
  });
  const dispatch = createDispatch({
    clock,
    attempt(lane, delivery) {
      const made = attempt(lane, delivery).finally(() => onWire.delete(made));
      onWire.add(made);
    },
    onRoom: look,
    settleQueueSize: () => settlements.size,
  });
  const claims = createClaims({
    clock,
    store,
    lanePool,
    tokens: options.tokens,
    node: options.node,
    onClaimed: ({ endpoint }) => {
      const lane = lanePool.get(endpoint.seq);
      if (lane !== undefined) dispatch.nudge(lane);
    },
    onError: (error) => outage.report(error),
  });
  outage.onChange((down) => {
    dispatch.halted = down || stopping;
    if (!down) claims.discover();
  });

  /** A blocked lane holds no lease; any other may have room for more. */
  function look(lane: Lane): void {
    if (lane.queue.length > 0 && isBlocked(lane, clock.now())) giveBack(lanePool.evict(lane));
    claims.look(lane);
  }

  /** After a change of its endpoint. What it holds is given back before the caller is answered, so that it shows. */
  async function follow(lane: Lane): Promise<void> {
    if (isBlocked(lane, clock.now())) await giveBack(lanePool.evict(lane));
    dispatch.nudge(lane);
  }

  async function giveBack(deliveries: readonly LeasedDelivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const lanes = [...new Set(deliveries.map(({ endpointSeq }) => lanePool.get(endpointSeq)))];
    for (const lane of lanes) if (lane !== undefined) lane.returning += 1;
    const wakes = await release(deliveries.map(({ seq, token }) => ({ deliverySeq: seq, token })));
    for (const lane of lanes) if (lane !== undefined) lane.returning -= 1;
    claims.wake(wakes);
  }

  /** Until it is written: an ordered lane that went on before would send what is behind them first. */
  async function release(leases: readonly Lease[]): Promise<readonly Wake[]> {
    for (;;) {
      try {
        return await store.release({ now: clock.now(), leases, disown: [] });
      } catch (error) {
        // Given up, the reconcile releases them: they are leased in the store and held by nobody.
        if ((await outage.wait(error)) === "giveUp") return [];
      }
    }
  }

  async function attempt(lane: Lane, delivery: LeasedDelivery): Promise<void> {
    const { endpoint } = lane;
    const made = await attempts.make(delivery, endpoint, lane.heldMs);
    lane.settling += 1;
    dispatch.landed(lane);
    if (made === null) {
      lanePool.leave(lane, delivery);
      await giveBack([delivery]);
    } else {
      learn(lane, made);
      const failed = made.transition.health === "failure" ? 1 : 0;
      lane.failing += failed;
      if (delivery.ordered) dispatch.pump();
      else dispatch.nudge(lane);
      await settle(lane, delivery, endpoint, made);
      lane.failing -= failed;
      lanePool.leave(lane, delivery);
    }
    lane.settling -= 1;
    if (delivery.ordered) lane.barrier = false;
    dispatch.nudge(lane);
  }

  function learn(lane: Lane, { attempt: record, transition }: AttemptMade): void {
    const success = transition.health === "success";
    lane.window = nextWindow(lane.window, { success, narrow: transition.narrow }, lane.endpoint.maxInFlight);
    lane.proven ||= success;
    // Until the settlement says so: nothing more goes to an endpoint that is being disabled.
    lane.held ||= transition.disable !== null;
    lane.attemptMs += (record.endedAt - record.startedAt - lane.attemptMs) * ATTEMPT_MS_WEIGHT;
    if (transition.throttleUntil !== null) lane.blockedUntil = Math.max(lane.blockedUntil, transition.throttleUntil);
  }

  async function settle(lane: Lane, delivery: LeasedDelivery, endpoint: Destination, made: AttemptMade): Promise<void> {
    const settlement: Settlement = {
      deliverySeq: delivery.seq,
      token: delivery.token,
      endpointSeq: delivery.endpointSeq,
      generation: endpoint.generation,
      ...made,
    };
    const bytes = SETTLEMENT_BYTES + (made.attempt.snippet?.length ?? 0);
    const result = await settlements.add(settlement, { rows: 1, bytes }).catch((error) => broken(delivery, error));
    if (result === null || result.kind === "broken") {
      if (result !== null) broken(delivery, result.message);
      return;
    }
    applyState(lane, result.lane);
    // What was leased behind an ordered delivery that failed must not be sent before it.
    if (delivery.ordered && result.state === "SCHEDULED") giveBack(lanePool.evict(lane));
    claims.wake(result.woken);
    options.onOutcome(delivery, endpoint, made, result);
    if (result.disabled) options.onDisabled(endpoint);
  }

  function broken(delivery: LeasedDelivery, error: unknown): null {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    telemetry.noticed({ level: "error", what: "settle_failed", fields: { deliverySeq: delivery.seq, message } });
    return null;
  }

  return {
    lanePool,
    dispatch,
    claims,
    admit(lane, delivery) {
      // The store came to hold something of an ordered lane after this was leased: it has to go behind that.
      if (delivery.ordered && (lane.readyAt !== null || lane.returning > 0)) {
        giveBack([delivery]);
        return;
      }
      lanePool.admit(lane, delivery);
      dispatch.nudge(lane);
    },
    async changed(endpoint, state) {
      const lane = lanePool.get(endpoint.seq);
      if (lane === undefined) {
        if (state.readyAt !== null) claims.wake([{ endpointSeq: endpoint.seq, readyAt: state.readyAt }]);
        return;
      }
      lane.endpoint = endpoint;
      lane.window = Math.min(lane.window, endpoint.maxInFlight);
      applyState(lane, state);
      await follow(lane);
    },
    async deleted(state) {
      const lane = lanePool.get(state.endpointSeq);
      if (lane === undefined) return;
      applyState(lane, state);
      await follow(lane);
    },
    dropCancelled(endpointSeq, deliverySeq) {
      const lane = lanePool.get(endpointSeq);
      const delivery = lane?.queue.find(({ seq }) => seq === deliverySeq);
      if (lane === undefined || delivery === undefined) return;
      lane.queue = lane.queue.filter((other) => other !== delivery);
      lanePool.leave(lane, delivery);
      giveBack([delivery]);
    },
    tidy() {
      for (const lane of lanePool.closeIdle(clock.now())) closed.add(lane.endpointSeq);
      const disown = [...closed].filter((endpointSeq) => lanePool.get(endpointSeq) === undefined);
      closed.clear();
      if (disown.length === 0) return;
      store.release({ now: clock.now(), leases: [], disown }).then(claims.wake, (error) => {
        for (const endpointSeq of disown) closed.add(endpointSeq);
        outage.report(error);
      });
    },
    get settleQueueSize() {
      return settlements.size;
    },
    halt() {
      stopping = true;
      dispatch.halted = true;
    },
    get takesLeases() {
      return !dispatch.halted;
    },
    alongside(work) {
      const done = work.then(
        () => undefined,
        () => undefined,
      );
      onWire.add(done);
      void done.then(() => onWire.delete(done));
      return work;
    },
    async landed(graceMs, abort) {
      if (onWire.size === 0) return;
      const timer = clock.after(graceMs, abort);
      await Promise.all(onWire);
      timer.cancel();
    },
    flush: () => settlements.drained(),
    async giveBackAll() {
      const lanes = [...lanePool.lanes()];
      await giveBack(lanes.flatMap((lane) => lanePool.evict(lane)));
    },
  };
}
