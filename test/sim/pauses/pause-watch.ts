/** Looks on while pauses are made, told of and ended: two endings of one, a pending one that is over, a person told twice. */
import type { Uuid } from "../../../src/domain/ids.ts";
import type { Pause } from "../../../src/domain/pauses/pause.ts";
import type { Caller } from "../../../src/engine/engine-types.ts";
import type { PauseView } from "../../../src/engine/pauses/pause-service.ts";
import type {
  ClaimedNotifications,
  ClaimNotifications,
  DuePauses,
  EndPauseResult,
  SettleNotification,
} from "../../../src/ports/store.ts";
import { uuidBytes, uuidText } from "../../../src/store/rows.ts";
import type { Look, PauseWatch, Process, World } from "../machine.ts";
import { KEYS_FORGOTTEN_MS } from "../model.ts";
import { endingFault, isAsAsked, type KnownPause, numberIn } from "./pause-model.ts";
import { AT_ONCE_MAX, type Telling } from "./people.ts";

/** The engine looks each second, and a commit takes three at times. */
const OVERDUE_MS_MAX = 15_000;

export function createPauseWatch(world: World): PauseWatch {
  const { model, timeline, disk, people } = world;
  const heardEnded = new Map<Process, Map<Uuid, number>>();
  const endedBy = new Set<Uuid>();
  const settledForGood = new Set<Uuid>();
  const overdueSince = new Map<Uuid, number>();
  const wrong = (id: Uuid, what: string) => world.fault(`pause ${id}: ${what}`);

  function look(): Look {
    const { process } = world;
    const now = process?.now() ?? 0;
    const ended = new Set(endedOnDisk(world));
    return {
      process,
      beganMs: timeline.nowMs,
      told(pause) {
        if (pause.ending === null && ended.has(pause.id)) wrong(pause.id, "told as pending after it had ended");
        if (pause.ending === null && pause.expiresAt <= now) {
          wrong(pause.id, `told as pending ${now - pause.expiresAt} ms or more after its deadline`);
        }
        remember(pause);
      },
      toldAsMade: remember,
    };
  }

  function remember(pause: Pause): void {
    const known = model.pauses.get(pause.id);
    if (known === undefined) return;
    if (!isAsAsked(pause, known.ask)) wrong(pause.id, `it is not what was asked for: ${JSON.stringify(pause)}`);
    if (pause.expiresAt !== known.expiresAt) wrong(pause.id, "its deadline has moved");
    if (pause.ending === null) return;
    const fault = endingFault(known, pause.ending);
    if (fault !== null) wrong(pause.id, fault);
    known.ending ??= pause.ending;
    const [first, now] = [JSON.stringify(known.ending), JSON.stringify(pause.ending)];
    if (first !== now) wrong(pause.id, `told as ${now} after it was told as ${first}`);
    if (!isEndedOnDisk(world, pause.id)) wrong(pause.id, `told as ${now}, and that is not written down`);
  }

  function learn(caller: Caller, { pause, respondUrl }: PauseView): KnownPause | null {
    const token = respondUrl?.slice(respondUrl.lastIndexOf("/") + 1) ?? null;
    const before = model.pauses.get(pause.id);
    if (before !== undefined) {
      if (token !== null && before.token !== null && before.token !== token) wrong(pause.id, "its link has changed");
      before.token ??= token;
      return before;
    }
    const ask = model.pauseAsks[numberIn(pause.message)];
    if (ask === undefined || ask.caller.tenantSeq !== caller.tenantSeq) {
      wrong(pause.id, "nobody of this tenant asked for it");
      return null;
    }
    if (ask.id !== null && model.aheadMs < KEYS_FORGOTTEN_MS) wrong(pause.id, `the same wish was granted by ${ask.id}`);
    ask.id = pause.id;
    const known: KnownPause = {
      id: pause.id,
      ask,
      expiresAt: pause.expiresAt,
      token,
      answers: [],
      cancels: [],
      ending: null,
    };
    model.pauses.set(pause.id, known);
    return known;
  }

  // ── What the store answers ────────────────────────────────────────────────────────────────────────────────────────

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
        for (const id of (value as DuePauses).ended) {
          endedNow(process, id);
          world.say(`pause ${id} was due`);
        }
        return;
      case "claimNotifications":
        for (const { pause } of (value as ClaimedNotifications).claimed) {
          if (pause.ending !== null) wrong(pause.id, "a person is to be told of it though it has ended");
          if (pause.expiresAt <= (args[0] as ClaimNotifications).now) wrong(pause.id, "told of past its deadline");
        }
        return;
      case "settleNotification": {
        const { pauseId, outcome } = args[0] as SettleNotification;
        world.say(`settled the telling of ${pauseId}: ${outcome.kind}`);
        if (outcome.kind === "sent" || outcome.kind === "failed") settledForGood.add(pauseId);
      }
    }
  }

  // ── Telling people ────────────────────────────────────────────────────────────────────────────────────────────────

  function tellingStarted(process: Process, telling: Telling): void {
    const { pauseId, channel, notification } = telling;
    world.say(`tell ${telling.number} by ${process.number} of ${pauseId} by ${channel}`);
    if (!process.alive || world.process !== process) wrong(pauseId, "told of by a process that had ended");
    if (settledForGood.has(pauseId)) wrong(pauseId, "told of again after that was settled");
    const row = disk.prepare(TOLD_ROW).get(uuidBytes(pauseId));
    if (row?.notification !== 1 || row.notification_node !== row.node) {
      wrong(pauseId, `told of without having been claimed: ${JSON.stringify(row)}`);
    }
    const onWire = people.tellings.filter(
      (other) => other.process === process.number && other.channel === channel && other.heard === null,
    );
    if (onWire.length > AT_ONCE_MAX) wrong(pauseId, `${onWire.length} people are told at once`);
    for (const other of people.tellings) {
      if (other.pauseId === pauseId && other !== telling) checkRepeat(other, telling);
    }
    const known = model.pauses.get(pauseId);
    if (known === undefined) return;
    if (known.ask.caller.actor.test) wrong(pauseId, "a person is told, for a test key");
    if (notification.address !== known.ask.input.recipient?.address) wrong(pauseId, "the wrong person is told");
    if (known.token !== null && !notification.respondUrl.endsWith(`/${known.token}`)) {
      wrong(pauseId, "another link is sent than was shown");
    }
  }

  function checkRepeat(before: Telling, again: Telling): void {
    const process = world.processes[before.process - 1];
    // Of what a crash cut off nobody knows whether it was sent; nor of what could not be written down.
    if (process?.end === "crashed" || process?.end === "stoppedWithoutStore") return;
    if (before.heard === null) wrong(again.pauseId, "told of twice at once");
    else if (before.heard.kind === "sent") wrong(again.pauseId, "told of again after it was sent");
    else if (before.heard.kind === "failed") wrong(again.pauseId, "told of again after it failed for good");
    else if (before.heard.kind === "again") {
      const notBefore = before.heardAt + (before.heard.retryAfterMs ?? 0);
      if (again.startedAt < notBefore) wrong(again.pauseId, `told of ${notBefore - again.startedAt} ms too soon`);
    }
  }

  // ── Now and then ──────────────────────────────────────────────────────────────────────────────────────────────────

  function poll(): void {
    const process = world.process;
    if (process?.engine == null || disk.state !== "well") {
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
      if (timeline.nowMs - since > OVERDUE_MS_MAX) wrong(id, `it has not timed out for ${timeline.nowMs - since} ms`);
    }
  }

  return {
    look,
    learn,
    isEnded: (id) => isEndedOnDisk(world, id),
    heardEndedMs: (process, id) => heardEnded.get(process)?.get(id) ?? null,
    tellingStarted,
    tellingHeard: ({ number, heard }) => world.say(`told ${number}: ${heard?.kind}`),
    answered,
    disturbed: () => overdueSince.clear(),
    poll,
  };
}

const TOLD_ROW = `
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
