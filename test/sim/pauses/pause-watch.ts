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
import type { PauseObservation, PauseWatch, Process, World } from "../machine.ts";
import { KEYS_FORGOTTEN_MS } from "../model.ts";
import { AT_ONCE_MAX, type SentNotification } from "./channels.ts";
import { endingFault, type KnownPause, matchesRequest, numberIn } from "./pause-model.ts";

/** The engine checks every second, and some commits take three seconds. */
const OVERDUE_MS_MAX = 15_000;

export function createPauseWatch(world: World): PauseWatch {
  const { model, timeline, disk, channels } = world;
  const heardEnded = new Map<Process, Map<Uuid, number>>();
  const endedBy = new Set<Uuid>();
  const settledForGood = new Set<Uuid>();
  const overdueSince = new Map<Uuid, number>();
  const wrong = (id: Uuid, what: string) => world.fault(`pause ${id}: ${what}`);

  function observe(): PauseObservation {
    const { process } = world;
    const now = process?.now() ?? 0;
    const ended = new Set(endedOnDisk(world));
    return {
      process,
      beganMs: timeline.nowMs,
      check(pause) {
        if (pause.ending === null && ended.has(pause.id)) wrong(pause.id, "reported as pending after it had ended");
        if (pause.ending === null && pause.expiresAt <= now) {
          wrong(pause.id, `reported as pending at least ${now - pause.expiresAt} ms after its deadline`);
        }
        remember(pause);
      },
      checkCreated: remember,
    };
  }

  function remember(pause: Pause): void {
    const known = model.pauses.get(pause.id);
    if (known === undefined) return;
    if (!matchesRequest(pause, known.request)) wrong(pause.id, `it differs from its request: ${JSON.stringify(pause)}`);
    if (pause.expiresAt !== known.expiresAt) wrong(pause.id, "its deadline has moved");
    if (pause.ending === null) return;
    const fault = endingFault(known, pause.ending);
    if (fault !== null) wrong(pause.id, fault);
    known.ending ??= pause.ending;
    const [first, now] = [JSON.stringify(known.ending), JSON.stringify(pause.ending)];
    if (first !== now) wrong(pause.id, `reported as ${now} after it was reported as ${first}`);
    if (!isEndedOnDisk(world, pause.id)) wrong(pause.id, `reported as ${now}, but this is not stored`);
  }

  function learn(caller: Caller, { pause, respondUrl }: PauseView): KnownPause | null {
    const token = respondUrl?.slice(respondUrl.lastIndexOf("/") + 1) ?? null;
    const before = model.pauses.get(pause.id);
    if (before !== undefined) {
      if (token !== null && before.token !== null && before.token !== token) wrong(pause.id, "its link has changed");
      before.token ??= token;
      return before;
    }
    const request = model.pauseRequests[numberIn(pause.message)];
    if (request === undefined || request.caller.tenantSeq !== caller.tenantSeq) {
      wrong(pause.id, "no request of this tenant created it");
      return null;
    }
    if (request.id !== null && model.aheadMs < KEYS_FORGOTTEN_MS)
      wrong(pause.id, `the same request already created ${request.id}`);
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
    model.pauses.set(pause.id, known);
    return known;
  }

  // ── Answers of the store ──────────────────────────────────────────────────────────────────────────────────────────

  function heard(process: Process, id: Uuid): void {
    const of = heardEnded.get(process) ?? new Map<Uuid, number>();
    heardEnded.set(process, of);
    if (!of.has(id)) of.set(id, timeline.nowMs);
  }

  function endedNow(process: Process, id: Uuid): void {
    if (endedBy.has(id)) wrong(id, "it ended twice");
    endedBy.add(id);
    heard(process, id);
  }

  function answered(process: Process, verb: string, args: readonly unknown[], value: unknown): void {
    switch (verb) {
      case "endPause": {
        const result = value as EndPauseResult;
        if (result.kind === "ended") endedNow(process, result.pause.id);
        else if (result.kind === "before") heard(process, result.pause.id);
        if ("pause" in result) world.say(`pause ${result.pause.id} ${result.kind} ${result.pause.ending?.status}`);
        return;
      }
      case "endDuePauses":
        for (const { id } of (value as DuePauses).ended) {
          endedNow(process, id);
          world.say(`pause ${id} was due`);
        }
        return;
      case "claimNotifications":
        for (const { pause } of (value as ClaimedNotifications).claimed) {
          if (pause.ending !== null) wrong(pause.id, "its notification was claimed although it has ended");
          if (pause.expiresAt <= (args[0] as ClaimNotifications).now)
            wrong(pause.id, "its notification was claimed after its deadline");
        }
        return;
      case "settleNotification": {
        const { pauseId, outcome } = args[0] as SettleNotification;
        world.say(`settled the notification of ${pauseId}: ${outcome.kind}`);
        if (outcome.kind === "sent" || outcome.kind === "failed") settledForGood.add(pauseId);
      }
    }
  }

  // ── Notifications ─────────────────────────────────────────────────────────────────────────────────────────────────

  function notificationStarted(process: Process, sent: SentNotification): void {
    const { pauseId, channel, notification } = sent;
    world.say(`notification ${sent.number} by ${process.number} of ${pauseId} by ${channel}`);
    if (!process.alive || world.process !== process) wrong(pauseId, "notified by a process that has ended");
    if (settledForGood.has(pauseId)) wrong(pauseId, "notified again after the notification was settled");
    const row = disk.prepare(CLAIMED_ROW).get(uuidBytes(pauseId));
    if (row?.notification !== 1 || row.notification_node !== row.node) {
      wrong(pauseId, `notified without a claim: ${JSON.stringify(row)}`);
    }
    const onWire = channels.notifications.filter(
      (other) => other.process === process.number && other.channel === channel && other.heard === null,
    );
    if (onWire.length > AT_ONCE_MAX) wrong(pauseId, `${onWire.length} notifications are in flight`);
    for (const other of channels.notifications) {
      if (other.pauseId === pauseId && other !== sent) checkRepeat(other, sent);
    }
    const known = model.pauses.get(pauseId);
    if (known === undefined) return;
    if (known.request.caller.actor.test) wrong(pauseId, "notified although it was created with a test key");
    if (notification.address !== known.request.input.recipient?.address)
      wrong(pauseId, "the wrong recipient is notified");
    if (known.token !== null && !notification.respondUrl.endsWith(`/${known.token}`)) {
      wrong(pauseId, "the notification contains a different link than the API");
    }
  }

  function checkRepeat(before: SentNotification, again: SentNotification): void {
    const process = world.processes[before.process - 1];
    // After a crash or a store outage, the server cannot know whether the notification was sent.
    if (process?.end === "crashed" || process?.end === "stoppedWithoutStore") return;
    if (before.heard === null) wrong(again.pauseId, "notified twice at the same time");
    else if (before.heard.kind === "sent") wrong(again.pauseId, "notified again after the notification was sent");
    else if (before.heard.kind === "failed")
      wrong(again.pauseId, "notified again after the notification failed permanently");
    else if (before.heard.kind === "again") {
      const notBefore = before.heardAt + (before.heard.retryAfterMs ?? 0);
      if (again.startedAt < notBefore) wrong(again.pauseId, `notified ${notBefore - again.startedAt} ms too early`);
    }
  }

  // ── Periodic checks ───────────────────────────────────────────────────────────────────────────────────────────────

  function poll(): void {
    const process = world.process;
    if (process?.engine == null || disk.state !== "healthy") {
      overdueSince.clear();
      return;
    }
    const overdue = new Set(
      disk
        .prepare("SELECT id FROM pauses WHERE status = 0 AND expires_at <= ?")
        .all(process.now())
        .map((row) => uuidText(row.id as Uint8Array)),
    );
    for (const id of overdueSince.keys()) if (!overdue.has(id)) overdueSince.delete(id);
    for (const id of overdue) {
      const since = overdueSince.get(id) ?? timeline.nowMs;
      overdueSince.set(id, since);
      if (timeline.nowMs - since > OVERDUE_MS_MAX) wrong(id, `it is overdue by ${timeline.nowMs - since} ms`);
    }
  }

  return {
    observe,
    learn,
    isEnded: (id) => isEndedOnDisk(world, id),
    heardEndedMs: (process, id) => heardEnded.get(process)?.get(id) ?? null,
    notificationStarted,
    notificationHeard: ({ number, heard }) => world.say(`notified ${number}: ${heard?.kind}`),
    answered,
    disturbed: () => overdueSince.clear(),
    poll,
  };
}

const CLAIMED_ROW = `
  SELECT notification, notification_node, (SELECT max(node) FROM nodes) AS node
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
