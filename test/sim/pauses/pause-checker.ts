/** Invariants of human pauses that must hold at the end of the simulation. */
import type { Uuid } from "../../../src/domain/ids.ts";
import { OPENINGS_COUNT_MAX } from "../../../src/domain/limits.ts";
import { type Ending, endingEvent, timeOutOf } from "../../../src/domain/pauses/pause.ts";
import { uuidBytes, uuidText } from "../../../src/store/rows.ts";
import { NOTIFICATION, PAUSE_STATUS } from "../../../src/store/stored-enums.ts";
import type { World } from "../machine.ts";
import { KEYS_FORGOTTEN_MS } from "../model.ts";
import { targetFault } from "../targets.ts";
import type { SentNotification } from "./channels.ts";
import { endingFault, type KnownPause, numberIn, type PauseRequest } from "./pause-model.ts";

type Row = Readonly<Record<string, unknown>>;
type Wrong = (what: string) => void;

interface Kept {
  readonly id: Uuid;
  readonly row: Row;
  readonly request: PauseRequest;
  readonly ending: Ending | null;
}

export function checkPauses(world: World): void {
  const notifications = Map.groupBy(world.channels.notifications, ({ pauseId }) => pauseId);
  const events = Map.groupBy(world.disk.prepare(EVENTS).all(), ({ pause_id }) => uuidText(pause_id as Uint8Array));
  const kept = keptPauses(world);
  for (const pause of kept) {
    const wrong = (what: string) => world.fault(`pause ${pause.id}: ${what}`);
    checkKept(world, pause, wrong);
    checkEvents(world, pause, events.get(pause.id) ?? [], wrong);
    checkNotification(world, pause, notifications.get(pause.id) ?? [], wrong);
    checkAudit(world, pause, wrong);
  }
  checkRequests(world, kept);
}

function keptPauses({ disk, model, fault }: World): Kept[] {
  return disk
    .prepare("SELECT * FROM pauses")
    .all()
    .flatMap((row) => {
      const request = model.pauseRequests[numberIn(String(row.message))];
      const id = uuidText(row.id as Uint8Array);
      if (request === undefined) fault(`pause ${id}: no request created it`);
      return request === undefined ? [] : [{ id, row, request, ending: endingOf(row) }];
    });
}

function endingOf(row: Row): Ending | null {
  const status = PAUSE_STATUS.name(Number(row.status));
  const at = Number(row.ended_at);
  switch (status) {
    case "pending":
      return null;
    case "responded":
      return { status, choice: String(row.choice), text: row.text as string | null, at };
    case "timed_out":
      return timeOutOf({ timeoutDefault: row.choice as string | null, expiresAt: Number(row.expires_at) });
    case "cancelled":
      return { status, at };
  }
}

/** Every confirmed request has its pause, every refused one has none, and a key has at most one. */
function checkRequests({ model, fault }: World, kept: readonly Kept[]): void {
  const ids = new Set(kept.map(({ id }) => id));
  for (const id of model.pauses.keys()) if (!ids.has(id)) fault(`pause ${id}: it was created but is missing`);
  const counts = Map.groupBy(kept, ({ request }) => request);
  for (const [request, { length }] of counts) {
    if (request.effects.every((effect) => effect === "none"))
      fault(`request ${request.number} was refused but created a pause`);
    if (length > 1 && model.aheadMs < KEYS_FORGOTTEN_MS) fault(`request ${request.number} created ${length} pauses`);
  }
}

function checkKept({ model, process }: World, { id, row, request, ending }: Kept, wrong: Wrong): void {
  const [createdAt, expiresAt] = [Number(row.created_at), Number(row.expires_at)];
  const offMs = expiresAt - createdAt - 1000 * request.input.expiresInSeconds;
  if (expiresAt % 1000 !== 0 || Math.abs(offMs) > 1000) wrong(`created at ${createdAt}, it expires at ${expiresAt}`);
  if (ending === null) {
    if (expiresAt <= (process?.now() ?? 0)) wrong("its deadline has passed, but it is pending");
    if (row.choice !== null || row.text !== null || row.ended_at !== null) wrong("it is pending but has an answer");
  }
  const known =
    model.pauses.get(id) ?? ({ id, request, expiresAt, token: null, answers: [], cancels: [], ending } as KnownPause);
  if (JSON.stringify(known.ending ?? ending) !== JSON.stringify(ending)) {
    wrong(`it was reported as ${JSON.stringify(known.ending)} but ended as ${JSON.stringify(ending)}`);
  }
  const fault = ending === null ? null : endingFault(known, ending);
  if (fault !== null) wrong(fault);
}

// ── Event ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const EVENTS = `
  SELECT v.seq, v.id, v.pause_id, v.tenant_seq, v.payload, v.accepted_at, t.name AS type
  FROM events v JOIN event_types t ON t.seq = v.type_seq
  WHERE v.pause_id IS NOT NULL`;

function checkEvents(world: World, { row, ending }: Kept, events: readonly Row[], wrong: Wrong): void {
  const due = ending === null ? 0 : 1;
  if (events.length !== due) wrong(`${ending?.status ?? "pending"} with ${events.length} events`);
  const [event] = events;
  if (event === undefined || ending === null) return;
  const { type, payload } = endingEvent(ending, row.metadata as string | null);
  if (event.type !== type || event.payload !== payload) wrong(`its event is ${event.type} ${event.payload}`);
  if (event.tenant_seq !== row.tenant_seq) wrong("its event belongs to another tenant");
  if (event.accepted_at !== row.ended_at) wrong("its event and its ending have different times");
  const fault = targetFault(world, { seq: Number(event.seq), tenantSeq: Number(row.tenant_seq), type });
  if (fault !== null) wrong(fault);
  checkBodies(world, String(event.id === null ? "" : uuidText(event.id as Uint8Array)), payload, wrong);
}

function checkBodies({ network }: World, eventId: string, payload: string, wrong: Wrong): void {
  // Some formats insert the pause's ids before the first field.
  const fields = payload.slice(1);
  const other = network.sent.find(
    ({ headers, body }) => headers["webhook-id"] === `evt_${eventId}` && !body.includes(fields),
  );
  if (other !== undefined) wrong(`send ${other.number} has the body ${other.body}`);
}

// ── Notification ────────────────────────────────────────────────────────────────────────────────────────────────────

const ENDED_FIRST = "the pause ended first";

function checkNotification(
  world: World,
  { row, request, ending }: Kept,
  notifications: readonly SentNotification[],
  wrong: Wrong,
): void {
  const status = NOTIFICATION.name(Number(row.notification));
  const { recipient } = request.input;
  const heard = (kind: string) => notifications.filter((sent) => sent.heard?.kind === kind);
  const isSurely = ({ node }: SentNotification) => [null, "stopped"].includes(world.endOf(node));
  if ((status === "none") !== (recipient === null || request.caller.actor.test)) wrong(`its notification is ${status}`);
  if (status === "none" && notifications.length > 0) wrong("a notification was sent, but none is expected");
  if (heard("sent").some(isSurely) && status !== "sent") wrong(`its notification was sent but is stored as ${status}`);
  if (status === "sent" && heard("sent").length === 0) wrong("its notification is stored as sent but was not");
  if (status === "failed" && heard("failed").length === 0 && row.notification_reason !== ENDED_FIRST) {
    if (heard("again").length < TRIES_MIN) wrong(`its notification failed too early: ${row.notification_reason}`);
  }
  if (status === "failed" && row.notification_reason === ENDED_FIRST && ending === null)
    wrong("its notification failed because the pause ended, but it has not");
  if (status !== "pending" && row.notification_due_at !== null) wrong(`its notification is ${status} but still due`);
  if (row.notification_node !== null) wrong("its notification is still claimed");
  if (status !== "pending") return;
  if (ending !== null) wrong("it has ended, but its notification is pending");
  else if (row.notification_due_at === null) wrong("its notification is pending but never due");
}

/** A notification fails only after nine waits. */
const TRIES_MIN = 10;

// ── Audit ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const AUDIT = "SELECT event_type AS type, count(*) AS count FROM audit WHERE pause_id = ? GROUP BY event_type";

function checkAudit({ disk }: World, { id, row, ending }: Kept, wrong: Wrong): void {
  const counts = new Map(
    disk
      .prepare(AUDIT)
      .all(uuidBytes(id))
      .map(({ type, count }) => [String(type), Number(count)]),
  );
  const expect = (type: string, count: number) => {
    if ((counts.get(type) ?? 0) !== count) wrong(`${counts.get(type) ?? 0} × ${type} in the audit, should be ${count}`);
  };
  expect("pause.created", 1);
  for (const status of ["responded", "timed_out", "cancelled"])
    expect(`pause.${status}`, ending?.status === status ? 1 : 0);
  expect("pause.notified", NOTIFICATION.name(Number(row.notification)) === "sent" ? 1 : 0);
  expect("pause.opened", Number(row.openings));
  if (Number(row.openings) > OPENINGS_COUNT_MAX) wrong(`${row.openings} openings are stored`);
}
