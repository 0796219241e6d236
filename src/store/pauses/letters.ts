/**
 * The messages of one pause that go to several people or are sent again before its deadline. One of them is in flight at a
 * time, so the pause's row has one claim. They are forgotten once each one is sent or has failed permanently.
 */
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { deciders, type Pause, type Person } from "../../domain/pauses/pause.ts";
import { isRequester } from "../../domain/pauses/plan.ts";
import type { ClaimedNotification, SettleNotification } from "../../ports/store.ts";
import { one } from "../read-connection.ts";
import { NOTIFICATION } from "../stored-enums.ts";
import type { Writing } from "../writing.ts";
import { loadPause } from "./pause-views.ts";
import { ableOf } from "./voters.ts";

export interface Letter {
  /** Null: the recipient of the pause. */
  readonly to: Person | null;
  readonly dueAt: EpochMs;
  readonly attempts: number;
  /** 0: the first message. Otherwise, the number of the reminder. */
  readonly reminder: number;
  /** An earlier message has reached the person. */
  readonly repeats?: true;
  readonly claimed?: true;
  /** Why it was given up. */
  readonly failed?: string;
}

const LEFT = "the approver can no longer decide";
/** The reason for a message that is not sent because its pause has ended. */
export const ENDED_FIRST = "the pause ended first";

interface Columns {
  readonly letters: string | null;
  readonly notification: number;
  readonly notification_reason: string | null;
  readonly notification_node: number | null;
  readonly notification_due_at: EpochMs | null;
  readonly notification_attempts: number;
  readonly reminded: number;
}

const LOAD = `
  SELECT letters, notification, notification_reason, notification_node, notification_due_at, notification_attempts, reminded
  FROM pauses
  WHERE seq = ?`;
const SAVE = `
  UPDATE pauses
  SET letters = ?, notification = ?, notification_reason = ?, notification_node = ?, notification_due_at = ?
  WHERE seq = ?`;

function load(w: Writing, seq: Seq): Columns {
  const row = one<Columns>(w, LOAD, seq);
  if (row === undefined) throw new Error(`no pause ${seq}`);
  return row;
}

/** A message that was noted in the pause's own columns is the only one. */
function lettersOf(row: Columns): readonly Letter[] {
  if (row.letters !== null) return JSON.parse(row.letters) as Letter[];
  if (NOTIFICATION.name(row.notification) !== "pending") return [];
  const claimed = row.notification_due_at === null;
  const { notification_attempts: attempts, reminded: reminder } = row;
  return [{ to: null, dueAt: row.notification_due_at ?? 0, attempts, reminder, ...(claimed && { claimed }) }];
}

interface Saved {
  readonly letters: readonly Letter[];
  /** The node that has claimed one of them. */
  readonly node: number | null;
  /** Why the last one was not sent at once. */
  readonly reason: string | null;
}

function save(w: Writing, seq: Seq, { letters, node, reason }: Saved): void {
  const open = letters.filter(({ failed }) => failed === undefined);
  if (open.length === 0) {
    const failed = letters.length === 0 ? null : whyFailed(letters);
    const state = NOTIFICATION.number(failed === null ? "sent" : "failed");
    w.prepare(SAVE).run(null, state, failed, null, null, seq);
    return;
  }
  const isClaimed = open.some(({ claimed }) => claimed === true);
  const dueAt = isClaimed ? null : Math.min(...open.map((letter) => letter.dueAt));
  w.prepare(SAVE).run(
    JSON.stringify(letters),
    NOTIFICATION.number("pending"),
    reason,
    isClaimed ? node : null,
    dueAt,
    seq,
  );
}

/** The reason of one that was refused, or the names of all whose message the ending came before. */
function whyFailed(letters: readonly Letter[]): string {
  const refused = letters.find(({ failed }) => failed !== ENDED_FIRST)?.failed;
  if (refused !== undefined) return refused;
  const people = letters.map(({ to }) => to?.email);
  return people.includes(undefined) ? ENDED_FIRST : `${people.join(", ")}: ${ENDED_FIRST}`;
}

// ── Write ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Written {
  readonly now: EpochMs;
  readonly reminder: number;
  /** Whether these people had a message before. */
  readonly repeats: boolean;
}

/** Add a message to each of these people who has none that waits. Returns whether there was one to add. */
export function writeLetters(w: Writing, seq: Seq, people: readonly (Person | null)[], written: Written): boolean {
  const row = load(w, seq);
  const before = lettersOf(row);
  const waits = (to: Person | null) => before.some((letter) => letter.failed === undefined && letter.to?.id === to?.id);
  const isFailed = row.letters === null && NOTIFICATION.name(row.notification) === "failed";
  const failed = (to: Person | null) => isFailed || before.some((letter) => letter.to?.id === to?.id);
  const added = people
    .filter((to) => !waits(to))
    .map((to): Letter => {
      const letter = { to, dueAt: written.now, attempts: 0, reminder: written.reminder };
      return written.repeats && !failed(to) ? { ...letter, repeats: true } : letter;
    });
  if (added.length === 0) return false;
  const kept = before.filter(({ failed, to }) => failed === undefined || !people.some((each) => each?.id === to?.id));
  const reason = isFailed ? null : row.notification_reason;
  save(w, seq, { letters: [...kept, ...added], node: row.notification_node, reason });
  return true;
}

/** The first message to each approver, as the column has them. */
export function firstLetters(pause: Pick<Pause, "signIn" | "plan">, now: EpochMs): string {
  const people = deciders({ ...pause, escalatedAt: null }).filter(({ id }) => !isRequester(pause, id));
  return JSON.stringify(people.map((to): Letter => ({ to, dueAt: now, attempts: 0, reminder: 0 })));
}

/** Who gets the pause's message when it is sent to everybody: those who have not decided. */
export function addresseesOf(pause: Pause): (Person | null)[] {
  const people = pause.tellsApprovers ? deciders(pause) : escalatedOf(pause);
  const users = people.filter(({ id }) => !isRequester(pause, id) && !hasVoted(pause, id));
  return pause.tellsApprovers ? users : [null, ...users];
}

/** Those who are told besides the recipient, by email. */
export function escalatedOf({ recipient, tellsApprovers, plan, escalatedAt }: Pause): readonly Person[] {
  const isMailed = tellsApprovers || recipient?.channel === "email";
  return isMailed && escalatedAt !== null ? (plan?.escalation?.approvers ?? []) : [];
}

function hasVoted({ votes }: Pause, user: Uuid): boolean {
  return votes.some(({ id }) => id === user);
}

// ── Send ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Claim one message that is due. Null when those to whom it was due have decided meanwhile or can no longer decide. */
export function claimLetter(w: Writing, seq: Seq, now: EpochMs): ClaimedNotification | null {
  const row = load(w, seq);
  const pause = loadPause(w, seq);
  const letters = wantedOf(w, pause, lettersOf(row));
  const due = letters.filter(({ dueAt, failed }) => failed === undefined && dueAt <= now);
  const [first] = due.toSorted((a, b) => a.dueAt - b.dueAt);
  if (first === undefined) {
    save(w, seq, { letters, node: null, reason: row.notification_reason });
    return null;
  }
  const claimed: Letter = { ...first, attempts: first.attempts + 1, claimed: true };
  const others = letters.filter((letter) => letter !== first);
  save(w, seq, { letters: [claimed, ...others], node: w.self.node, reason: row.notification_reason });
  return { pause: loadPause(w, seq), attempts: first.attempts, to: first.to, reminder: first.reminder };
}

function wantedOf(w: Writing, pause: Pause, letters: readonly Letter[]): readonly Letter[] {
  const people = letters.map(({ to }) => to).filter((to) => to !== null);
  const able = ableOf(w, pause.tenantSeq, people);
  return letters
    .filter(({ to }) => to === null || !hasVoted(pause, to.id))
    .map((letter) =>
      letter.to === null || able.has(letter.to.id) ? letter : { ...letter, failed: reasonFor(letter, LEFT) },
    );
}

interface Settled extends Pick<SettleNotification, "now" | "outcome"> {
  /** Whether the pause has ended, so that nothing is sent again. */
  readonly hasEnded: boolean;
}

/** Returns whom the message reached; undefined when it reached nobody. */
export function settleLetter(w: Writing, seq: Seq, { now, outcome, hasEnded }: Settled): Person | null | undefined {
  const row = load(w, seq);
  const letters = lettersOf(row);
  const settled = letters.find(({ claimed }) => claimed === true);
  if (settled === undefined) throw new Error(`no message of pause ${seq} is claimed`);
  const others = letters.filter((letter) => letter !== settled);
  const { claimed, ...letter } = settled;
  const reason = "reason" in outcome ? reasonFor(letter, outcome.reason) : null;
  const isOver = hasEnded && (outcome.kind === "again" || outcome.kind === "released");
  const after = isOver ? endedLetters([letter]) : settledLetter(letter, outcome, now);
  save(w, seq, { letters: [...others, ...after], node: null, reason });
  return outcome.kind === "sent" ? letter.to : undefined;
}

/** Says whose message it was, where there are several. */
function reasonFor({ to }: Letter, reason: string): string {
  return to === null ? reason : `${to.email}: ${reason}`;
}

function settledLetter(letter: Letter, outcome: SettleNotification["outcome"], now: EpochMs): readonly Letter[] {
  switch (outcome.kind) {
    case "sent":
      return [];
    case "failed":
      return [{ ...letter, failed: reasonFor(letter, outcome.reason) }];
    case "again":
      return [{ ...letter, dueAt: outcome.at }];
    case "released":
      return [{ ...letter, dueAt: now, attempts: letter.attempts - 1 }];
  }
}

// ── End ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The pause has ended: what waits is not sent. A message in flight keeps its claim, and what failed its reason. */
export function endLetters(w: Writing, seq: Seq): void {
  const row = load(w, seq);
  const letters = lettersOf(row);
  const waits = ({ failed, claimed }: Letter) => failed === undefined && claimed === undefined;
  const kept = letters.filter((letter) => !waits(letter));
  const { notification_node: node, notification_reason: reason } = row;
  save(w, seq, { letters: [...kept, ...endedLetters(letters.filter(waits))], node, reason });
}

/** Only who got no message at all has missed something. */
function endedLetters(letters: readonly Letter[]): readonly Letter[] {
  return letters.filter(({ repeats }) => repeats === undefined).map((letter) => ({ ...letter, failed: ENDED_FIRST }));
}

// ── Release ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The message that a node that is gone had claimed is due again. Its attempt stays counted, since it may have been sent. */
export function releaseLetter(w: Writing, seq: Seq, { now, hasEnded }: Omit<Settled, "outcome">): void {
  const row = load(w, seq);
  const letters = lettersOf(row).flatMap(({ claimed, ...letter }) => {
    if (claimed === undefined) return [letter];
    return hasEnded ? endedLetters([letter]) : [{ ...letter, dueAt: now }];
  });
  save(w, seq, { letters, node: null, reason: row.notification_reason });
}
