/**
 * Carries notes between nodes by LISTEN and NOTIFY, on a connection of its own.
 *
 * A transaction that notifies waits for the one before it until that one is on disk, so the verbs' transactions never
 * notify. Notes are sent together, some time later.
 *
 * Through a pooler in transaction mode no notification arrives. Then the node looks for changes by itself, more often.
 */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import {
  NODE_DEAF_MISSED_MS,
  NODE_DEAF_POLL_MS,
  NODE_NOTES_BYTES_MAX,
  NODE_NOTES_MS,
  POSTGRES_RECONNECT_MS,
} from "../../../domain/limits.ts";
import type { Clock, Timer } from "../../../ports/clock.ts";
import type { NodeNote } from "../../../ports/store.ts";
import { type ConnectionOptions, connect } from "../connect.ts";
import { sessionOf } from "../pooler.ts";
import { UnsentNotes } from "./unsent-notes.ts";

const CHANNEL = "signalbox";
const CHANGED: NodeNote = { kind: "changed" };
/** What a node does when it did not hear the others. */
const DEAF: readonly NodeNote[] = [CHANGED, { kind: "missedAny" }];

interface Payload {
  readonly from: string;
  readonly notes: readonly NodeNote[];
}

export class Notifier {
  readonly #options: ConnectionOptions;
  readonly #clock: Pick<Clock, "after">;
  readonly #onNotes: (notes: readonly NodeNote[]) => void;
  /** A node hears its own notes, too. */
  readonly #name = randomBytes(8).toString("hex");
  #client: pg.Client | null = null;
  readonly #unsent = new UnsentNotes();
  #timer: Timer | null = null;
  /** A connection sends one notification at a time. */
  #flushing: Promise<void> = Promise.resolve();
  #reconnecting: Timer | null = null;
  /** Set while notifications do not arrive. */
  #polling: Timer | null = null;
  #isClosed = false;

  constructor(options: ConnectionOptions, clock: Pick<Clock, "after">, onNotes: (notes: readonly NodeNote[]) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#onNotes = onNotes;
    void this.#connect();
  }

  send(note: NodeNote): void {
    this.#unsent.add(note);
    this.#flushLater();
  }

  #flushLater(): void {
    this.#timer ??= this.#clock.after(NODE_NOTES_MS, () => {
      this.#timer = null;
      this.#flushing = this.#flushing.then(() => this.#flush());
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#reconnecting?.cancel();
    this.#polling?.cancel();
    await this.#client?.end().catch(() => undefined); // it was lost
  }

  async #connect(): Promise<void> {
    try {
      const client = await connect(this.#options);
      client.on("end", () => this.#lost(client));
      client.on("error", () => this.#lost(client));
      const { isOwn } = await sessionOf(client, this.#options);
      client.on("notification", ({ payload }) => this.#hear(payload ?? ""));
      if (isOwn) await client.query(`LISTEN ${CHANNEL}`);
      this.#client = client;
      if (this.#isClosed) await client.end();
      else this.#reconnected(isOwn);
    } catch {
      this.#connectLater(); // the store's own connections report it
    }
  }

  #reconnected(isNotified: boolean): void {
    this.#polling?.cancel();
    if (!isNotified) this.#poll();
    this.#onNotes(DEAF);
    this.#flushLater();
  }

  /** @param missedMs how long the readers of streams have not been told that they may have missed news */
  #poll(missedMs = 0): void {
    this.#polling = this.#clock.after(NODE_DEAF_POLL_MS, () => {
      const tells = missedMs >= NODE_DEAF_MISSED_MS;
      this.#onNotes(tells ? DEAF : [CHANGED]);
      this.#poll(tells ? 0 : missedMs + NODE_DEAF_POLL_MS);
    });
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    this.#connectLater();
  }

  #connectLater(): void {
    if (this.#isClosed) return;
    this.#reconnecting = this.#clock.after(POSTGRES_RECONNECT_MS, () => void this.#connect());
  }

  #hear(text: string): void {
    try {
      const { from, notes } = JSON.parse(text) as Payload;
      if (from !== this.#name) this.#onNotes(notes);
    } catch {
      this.#onNotes(DEAF); // of a version that writes it in another way
    }
  }

  /** Without a connection the notes are lost: the others find out later, and the next flush tells them to look. */
  async #flush(): Promise<void> {
    const notes = this.#unsent.take();
    if (notes.length === 0) return;
    const client = this.#client;
    try {
      if (client === null) throw new Error("there is no connection");
      for (const payload of this.#payloads(notes)) await client.query("SELECT pg_notify($1, $2)", [CHANNEL, payload]);
    } catch {
      this.#unsent.add({ kind: "missedAny" });
    }
  }

  /** As few texts as PostgreSQL's limit on their size allows. A note that is too long for one is left out. */
  #payloads(notes: readonly NodeNote[]): readonly string[] {
    const payloads: string[] = [];
    let part: NodeNote[] = [];
    const text = (of: readonly NodeNote[]) => JSON.stringify({ from: this.#name, notes: of } satisfies Payload);
    for (const note of notes) {
      if (Buffer.byteLength(text([...part, note])) > NODE_NOTES_BYTES_MAX) {
        if (part.length > 0) payloads.push(text(part));
        part = [];
      }
      if (Buffer.byteLength(text([note])) <= NODE_NOTES_BYTES_MAX) part.push(note);
    }
    if (part.length > 0) payloads.push(text(part));
    return payloads;
  }
}
