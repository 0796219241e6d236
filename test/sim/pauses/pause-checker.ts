/** What must be true of human pauses when everything has come to rest. */
import type { Uuid } from "../../../src/domain/ids.ts";
import { OPENINGS_COUNT_MAX } from "../../../src/domain/limits.ts";
import { type Ending, endingEvent, timeOutOf } from "../../../src/domain/pauses/pause.ts";
import { uuidBytes, uuidText } from "../../../src/store/rows.ts";
import { NOTIFICATION, PAUSE_STATUS } from "../../../src/store/stored-enums.ts";
import type { World } from "../machine.ts";
import { KEYS_FORGOTTEN_MS } from "../model.ts";
import { targetFault } from "../targets.ts";
import { endingFault, type KnownPause, numberIn, type PauseAsk } from "./pause-model.ts";
import type { Telling } from "./people.ts";

type Row = Readonly<Record<string, unknown>>;
type Wrong = (what: string) => void;

interface Kept {
  readonly id: Uuid;
  readonly row: Row;
  readonly ask: PauseAsk;
  readonly ending: Ending | null;
}

export function checkPauses(world: World): void {
  const tellings = Map.groupBy(world.people.tellings, ({ pauseId }) => pauseId);
  const events = Map.groupBy(world.disk.prepare(EVENTS).all(), ({ pause_id }) => uuidText(pause_id as Uint8Array));
  const kept = keptPauses(world);
  for (const pause of kept) {
    const wrong = (what: string) => world.fault(`pause ${pause.id}: ${what}`);
    checkKept(world, pause, wrong);
    checkEvents(world, pause, events.get(pause.id) ?? [], wrong);
    checkNotification(world, pause, tellings.get(pause.id) ?? [], wrong);
    checkAudit(world, pause, wrong);
  }
  checkAsks(world, kept);
}

function keptPauses({ disk, model, fault }: World): Kept[] {
  return disk
    .prepare("SELECT * FROM pauses")
    .all()
    .flatMap((row) => {
      const ask = model.pauseAsks[numberIn(String(row.message))];
      const id = uuidText(row.id as Uint8Array);
      if (ask === undefined) fault(`pause ${id}: nobody asked for it`);
      return ask === undefined ? [] : [{ id, row, ask, ending: endingOf(row) }];
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

/** Each wish that was granted has its pause, one that was refused has none, and a key has one. */
function checkAsks({ model, fault }: World, kept: readonly Kept[]): void {
  const ids = new Set(kept.map(({ id }) => id));
  for (const id of model.pauses.keys()) if (!ids.has(id)) fault(`pause ${id}: it was made and is gone`);
  const counts = Map.groupBy(kept, ({ ask }) => ask);
  for (const [ask, { length }] of counts) {
    if (ask.fates.every((fate) => fate === "nothing")) fault(`the wish ${ask.number} was refused, and is granted`);
    if (length > 1 && model.aheadMs < KEYS_FORGOTTEN_MS) fault(`the wish ${ask.number} came to ${length} pauses`);
  }
}

function checkKept({ model, process }: World, { id, row, ask, ending }: Kept, wrong: Wrong): void {
  const [createdAt, expiresAt] = [Number(row.created_at), Number(row.expires_at)];
  const offMs = expiresAt - createdAt - 1000 * ask.input.expiresInSeconds;
  if (expiresAt % 1000 !== 0 || Math.abs(offMs) > 1000) wrong(`made at ${createdAt}, it expires at ${expiresAt}`);
  if (ending === null) {
    if (expiresAt <= (process?.now() ?? 0)) wrong("its deadline has come, and it is pending");
    if (row.choice !== null || row.text !== null || row.ended_at !== null) wrong("it is pending, with an answer");
  }
  const known =
    model.pauses.get(id) ?? ({ id, ask, expiresAt, token: null, answers: [], cancels: [], ending } as KnownPause);
  if (JSON.stringify(known.ending ?? ending) !== JSON.stringify(ending)) {
    wrong(`told as ${JSON.stringify(known.ending)}, it ended as ${JSON.stringify(ending)}`);
  }
  const fault = ending === null ? null : endingFault(known, ending);
  if (fault !== null) wrong(fault);
}

// ── Its event ───────────────────────────────────────────────────────────────────────────────────────────────────────

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
  if (event.tenant_seq !== row.tenant_seq) wrong("its event is another tenant's");
  if (event.accepted_at !== row.ended_at) wrong("its event is of another time than its ending");
  const fault = targetFault(world, { seq: Number(event.seq), tenantSeq: Number(row.tenant_seq), type });
  if (fault !== null) wrong(fault);
  checkBodies(world, String(event.id === null ? "" : uuidText(event.id as Uint8Array)), payload, wrong);
}

function checkBodies({ network }: World, eventId: string, payload: string, wrong: Wrong): void {
  // Some formats put the pause's ids ahead of the first field.
  const fields = payload.slice(1);
  const other = network.sent.find(
    ({ headers, body }) => headers["webhook-id"] === `evt_${eventId}` && !body.includes(fields),
  );
  if (other !== undefined) wrong(`send ${other.number} is ${other.body}`);
}

// ── Its notification ────────────────────────────────────────────────────────────────────────────────────────────────

const ENDED_FIRST = "the pause ended first";

function checkNotification(world: World, { row, ask, ending }: Kept, tellings: readonly Telling[], wrong: Wrong): void {
  const status = NOTIFICATION.name(Number(row.notification));
  const { recipient } = ask.input;
  const heard = (kind: string) => tellings.filter((telling) => telling.heard?.kind === kind);
  const isSurely = ({ process }: Telling) => [null, "stopped"].includes(world.processes[process - 1]?.end ?? null);
  if ((status === "none") !== (recipient === null || ask.caller.actor.test)) wrong(`its notification is ${status}`);
  if (status === "none" && tellings.length > 0) wrong("somebody was told of it, and nobody should be");
  if (heard("sent").some(isSurely) && status !== "sent") wrong(`it was sent, and its notification is ${status}`);
  if (status === "sent" && heard("sent").length === 0) wrong("its notification is sent, and it was not");
  if (status === "failed" && heard("failed").length === 0 && row.notification_reason !== ENDED_FIRST) {
    if (heard("again").length < TRIES_MIN) wrong(`its notification failed: ${row.notification_reason}`);
  }
  if (status === "failed" && row.notification_reason === ENDED_FIRST && ending === null) wrong("it has not ended");
  if (status !== "pending" && row.notification_due_at !== null) wrong(`its notification is ${status}, and due`);
  if (row.notification_node !== null) wrong("its notification is still claimed");
  if (status !== "pending") return;
  if (ending !== null) wrong("it has ended, and its notification is pending");
  else if (row.notification_due_at === null) wrong("its notification is pending for ever");
}

/** A try is given up only after nine waits. */
const TRIES_MIN = 10;

// ── Its audit ───────────────────────────────────────────────────────────────────────────────────────────────────────

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
  if (Number(row.openings) > OPENINGS_COUNT_MAX) wrong(`${row.openings} openings are kept`);
}
