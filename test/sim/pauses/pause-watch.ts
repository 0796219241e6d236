/**
 * Checks pauses during the simulation: that none ends twice, stays pending too long, or notifies its recipient twice.
 */
import type { Uuid } from "../../../src/domain/ids.ts";
import type { Pause } from "../../../src/domain/pauses/pause.ts";
import type { Caller } from "../../../src/engine/access/caller.ts";
import type { PauseView } from "../../../src/engine/pauses/pause-types.ts";
import type {
  ClaimedNotifications,
  ClaimNotifications,
  DuePauses,
  EndPauseResult,
  SettleNotification,
} from "../../../src/ports/store.ts";
import { uuidBytes, uuidText } from "../../../src/store/rows.ts";
import { LEARNT_MS, type PauseObservation, type PauseWatch, type Process, type World } from "../machine.ts";
import { KEYS_FORGOTTEN_MS } from "../model.ts";
import { AT_ONCE_MAX, type SentNotification } from "./channels.ts";
import { endingFault, type KnownPause, matchesRequest, numberIn } from "./pause-model.ts";

/** The engine checks every second, and some commits take three seconds. */
const OVERDUE_MS_MAX = 15_000;

class PauseInvariants implements PauseWatch {
  readonly #world: World;
  readonly #model: World["model"];
  readonly #timeline: World["timeline"];
  readonly #disk: World["disk"];
  readonly #channels: World["channels"];
  readonly #heardEnded = new Map<Process, Map<Uuid, number>>();
  readonly #endedBy = new Set<Uuid>();
  readonly #settledForGood = new Set<Uuid>();
  readonly #overdueSince = new Map<Uuid, number>();

  constructor(world: World) {
    this.#world = world;
    this.#model = world.model;
    this.#timeline = world.timeline;
    this.#disk = world.disk;
    this.#channels = world.channels;
  }

  #wrong(id: Uuid, what: string): void {
    this.#world.fault(`pause ${id}: ${what}`);
  }

  observe(): PauseObservation {
    const process = this.#world.choose();
    const now = process?.now() ?? 0;
    const ended = new Set(endedOnDisk(this.#world));
    return {
      process,
      ask: (question) => this.#world.ask(question, process),
      beganMs: this.#timeline.nowMs,
      check: (pause) => {
        if (pause.ending === null && ended.has(pause.id))
          this.#wrong(pause.id, "reported as pending after it had ended");
        if (pause.ending === null && pause.expiresAt <= now) {
          this.#wrong(pause.id, `reported as pending at least ${now - pause.expiresAt} ms after its deadline`);
        }
        this.#remember(pause);
      },
      checkCreated: (pause) => this.#remember(pause),
    };
  }

  #remember(pause: Pause): void {
    const known = this.#model.pauses.get(pause.id);
    if (known === undefined) return;
    if (!matchesRequest(pause, known.request))
      this.#wrong(pause.id, `it differs from its request: ${JSON.stringify(pause)}`);
    if (pause.expiresAt !== known.expiresAt) this.#wrong(pause.id, "its deadline has moved");
    if (pause.ending === null) return;
    const fault = endingFault(known, pause.ending);
    if (fault !== null) this.#wrong(pause.id, fault);
    known.ending ??= pause.ending;
    const [first, now] = [JSON.stringify(known.ending), JSON.stringify(pause.ending)];
    if (first !== now) this.#wrong(pause.id, `reported as ${now} after it was reported as ${first}`);
    if (!isEndedOnDisk(this.#world, pause.id)) this.#wrong(pause.id, `reported as ${now}, but this is not stored`);
  }

  learn(caller: Caller, { pause, respondUrl }: PauseView): KnownPause | null {
    const token = respondUrl?.slice(respondUrl.lastIndexOf("/") + 1) ?? null;
    const before = this.#model.pauses.get(pause.id);
    if (before !== undefined) {
      if (token !== null && before.token !== null && before.token !== token)
        this.#wrong(pause.id, "its link has changed");
      before.token ??= token;
      return before;
    }
    const request = this.#model.pauseRequests[numberIn(pause.message)];
    if (request === undefined || request.caller.tenantSeq !== caller.tenantSeq) {
      this.#wrong(pause.id, "no request of this tenant created it");
      return null;
    }
    if (request.id !== null && this.#model.aheadMs < KEYS_FORGOTTEN_MS)
      this.#wrong(pause.id, `the same request already created ${request.id}`);
    request.id = pause.id;
    const known: KnownPause = {
      id: pause.id,
      request,
      expiresAt: pause.expiresAt,
      token,
      answers: [],
      cancels: [],
      ending: null,
    };
    this.#model.pauses.set(pause.id, known);
    return known;
  }

  // ── Answers of the store ──────────────────────────────────────────────────────────────────────────────────────────

  #heard(process: Process, id: Uuid): void {
    const of = this.#heardEnded.get(process) ?? new Map<Uuid, number>();
    this.#heardEnded.set(process, of);
    if (!of.has(id)) of.set(id, this.#timeline.nowMs);
  }

  #endedNow(process: Process, id: Uuid): void {
    if (this.#endedBy.has(id)) this.#wrong(id, "it ended twice");
    this.#endedBy.add(id);
    this.#heard(process, id);
  }

  answered(process: Process, verb: string, args: readonly unknown[], value: unknown): void {
    switch (verb) {
      case "endPause": {
        const result = value as EndPauseResult;
        if (result.kind === "ended") this.#endedNow(process, result.pause.id);
        else if (result.kind === "before") this.#heard(process, result.pause.id);
        if ("pause" in result)
          this.#world.say(`pause ${result.pause.id} ${result.kind} ${result.pause.ending?.status}`);
        return;
      }
      case "endDuePauses":
        for (const { id } of (value as DuePauses).ended) {
          this.#endedNow(process, id);
          this.#world.say(`pause ${id} was due`);
        }
        return;
      case "claimNotifications":
        for (const { pause } of (value as ClaimedNotifications).claimed) {
          if (pause.ending !== null) this.#wrong(pause.id, "its notification was claimed although it has ended");
          if (pause.expiresAt <= (args[0] as ClaimNotifications).now)
            this.#wrong(pause.id, "its notification was claimed after its deadline");
        }
        return;
      case "settleNotification": {
        const { pauseId, outcome } = args[0] as SettleNotification;
        this.#world.say(`settled the notification of ${pauseId}: ${outcome.kind}`);
        // The result of a node that the others have taken for dead changes nothing.
        const isStored = this.#disk.prepare(CLAIMED_ROW).get(uuidBytes(pauseId))?.notification !== 1;
        if (isStored && (outcome.kind === "sent" || outcome.kind === "failed")) this.#settledForGood.add(pauseId);
      }
    }
  }

  // ── Notifications ─────────────────────────────────────────────────────────────────────────────────────────────────

  notificationStarted(process: Process, sent: SentNotification): void {
    const { pauseId, channel, notification } = sent;
    this.#world.say(`notification ${sent.number} by ${process.number} of ${pauseId} by ${channel}`);
    if (!process.alive) this.#wrong(pauseId, "notified by a process that has ended");
    if (this.#settledForGood.has(pauseId)) this.#wrong(pauseId, "notified again after the notification was settled");
    const row = this.#disk.prepare(CLAIMED_ROW).get(uuidBytes(pauseId));
    // Another node can have ended the pause since the claim.
    const mayHaveEnded = this.#world.isShared && row?.notification === 3;
    if (!mayHaveEnded && (row?.notification !== 1 || row.notification_node !== process.node)) {
      this.#wrong(pauseId, `notified without a claim: ${JSON.stringify(row)}`);
    }
    const onWire = this.#channels.notifications.filter(
      (other) => other.process === process.number && other.channel === channel && other.heard === null,
    );
    if (onWire.length > AT_ONCE_MAX) this.#wrong(pauseId, `${onWire.length} notifications are in flight`);
    for (const other of this.#channels.notifications) {
      if (other.pauseId === pauseId && other !== sent) this.#checkRepeat(other, sent);
    }
    const known = this.#model.pauses.get(pauseId);
    if (known === undefined) return;
    if (known.request.caller.actor.test) this.#wrong(pauseId, "notified although it was created with a test key");
    if (notification.address !== known.request.input.recipient?.address)
      this.#wrong(pauseId, "the wrong recipient is notified");
    if (known.token !== null && !notification.respondUrl.endsWith(`/${known.token}`)) {
      this.#wrong(pauseId, "the notification contains a different link than the API");
    }
  }

  #checkRepeat(before: SentNotification, again: SentNotification): void {
    const end = this.#world.endOf(before.node);
    // After a crash or a store outage, the server cannot know whether the notification was sent.
    if (end !== null && end !== "stopped") return;
    if (before.heard === null) this.#wrong(again.pauseId, "notified twice at the same time");
    else if (before.heard.kind === "sent") this.#wrong(again.pauseId, "notified again after the notification was sent");
    else if (before.heard.kind === "failed")
      this.#wrong(again.pauseId, "notified again after the notification failed permanently");
    else if (before.heard.kind === "again") {
      const notBefore = before.heardAt + (before.heard.retryAfterMs ?? 0);
      if (again.startedAt < notBefore)
        this.#wrong(again.pauseId, `notified ${notBefore - again.startedAt} ms too early`);
    }
  }

  // ── Periodic checks ───────────────────────────────────────────────────────────────────────────────────────────────

  poll(): void {
    const { process } = this.#world;
    if (process?.engine == null || !this.#world.isServed(OVERDUE_MS_MAX)) {
      this.#overdueSince.clear();
      return;
    }
    const overdue = new Set(
      this.#disk
        .prepare("SELECT id FROM pauses WHERE status = 0 AND expires_at <= ?")
        .all(process.now())
        .map((row) => uuidText(row.id as Uint8Array)),
    );
    for (const id of this.#overdueSince.keys()) if (!overdue.has(id)) this.#overdueSince.delete(id);
    for (const id of overdue) {
      const since = this.#overdueSince.get(id) ?? this.#timeline.nowMs;
      this.#overdueSince.set(id, since);
      if (this.#timeline.nowMs - since > OVERDUE_MS_MAX)
        this.#wrong(id, `it is overdue by ${this.#timeline.nowMs - since} ms`);
    }
  }

  isEnded(id: Uuid): boolean {
    return isEndedOnDisk(this.#world, id);
  }

  heardEndedMs(process: Process, id: Uuid): number | null {
    const own = this.#heardEnded.get(process)?.get(id);
    if (own !== undefined || !this.#world.isShared) return own ?? null;
    const others = [...this.#heardEnded.values()].map((heard) => heard.get(id) ?? Number.POSITIVE_INFINITY);
    const firstMs = Math.min(...others);
    return firstMs < this.#world.knownSinceMs(process) ? firstMs + LEARNT_MS : null;
  }

  notificationHeard({ number, heard }: SentNotification): void {
    this.#world.say(`notified ${number}: ${heard?.kind}`);
  }

  disturbed(): void {
    this.#overdueSince.clear();
  }
}

export function createPauseWatch(world: World): PauseWatch {
  return new PauseInvariants(world);
}

const CLAIMED_ROW = `
  SELECT notification, notification_node
  FROM pauses
  WHERE id = ?`;

function endedOnDisk({ disk }: World): Uuid[] {
  return disk
    .prepare("SELECT id FROM pauses WHERE status <> 0")
    .all()
    .map((row) => uuidText(row.id as Uint8Array));
}

function isEndedOnDisk({ disk }: World, id: Uuid): boolean {
  const row = disk.prepare("SELECT status FROM pauses WHERE id = ?").get(uuidBytes(id));
  return row !== undefined && row.status !== 0;
}
