/** The notes between processes that share a store. They come late, and can be lost. */
import type { NodeNote, NodeNotes } from "../../../src/ports/store.ts";
import type { Random } from "../random.ts";
import type { ProcessTimeline } from "../timeline.ts";

/** How many of the notes are lost. */
export const NOTE_LOSSES = [0, 0.3, 1] as const;

const LATE_CHANCE = 0.1;
const LATE_MS = 5000;
/** PostgreSQL's notifications are sent together, at most this often. */
const TOGETHER_MS = 50;

export interface NotesClient {
  readonly timeline: ProcessTimeline;
  /** Whether the process is cut off from the store. */
  readonly isCut: () => boolean;
}

export interface Notes {
  /** How many of the notes are lost: from 0 to 1. */
  loss: number;
  connect(client: NotesClient): NodeNotes;
}

export function createNotes(random: Random): Notes {
  const listeners: { readonly client: NotesClient; readonly hear: (note: NodeNote) => void }[] = [];
  const notes: Notes = {
    loss: 0,
    connect: (client) => ({
      send(note) {
        for (const { client: other, hear } of listeners) {
          if (other === client || client.isCut() || other.isCut() || random.chance(notes.loss)) continue;
          const delayMs = random.chance(LATE_CHANCE) ? random.between(0, LATE_MS) : random.between(0, TOGETHER_MS + 5);
          other.timeline.after(delayMs, () => hear(structuredClone(note)));
        }
      },
      listen: (hear) => void listeners.push({ client, hear }),
    }),
  };
  return notes;
}
