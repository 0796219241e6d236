/** Readers that wait for a pause to end. */
import type { Seq, Uuid } from "../../domain/ids.ts";
import { PAUSE_WAITS_COUNT_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Patience } from "./pause-service.ts";

export interface Waits {
  /** Begin to watch, before looking whether it has ended; null when the tenant has as many readers as it may. */
  watch(tenantSeq: Seq, id: Uuid): Watch | null;
  /** A pause ended, or may have. */
  tell(id: Uuid): void;
  /** Something changed elsewhere: everybody looks again. */
  tellAll(): void;
  /** The server stops: nobody waits any longer. */
  close(): void;
}

export interface Watch {
  /**
   * `told`: the pause was told of since it was watched, or since this was last asked. `enough`: the time is over, the
   * caller went away, or the server stops.
   */
  told(patience: Patience): Promise<"told" | "enough">;
  end(): void;
}

interface Reader {
  told: boolean;
  wake: (() => void) | null;
}

export function createWaits(clock: Clock): Waits {
  const readers = new Map<Uuid, Set<Reader>>();
  const counts = new Map<Seq, number>();
  let closed = false;

  function count(tenantSeq: Seq, by: 1 | -1): void {
    const next = (counts.get(tenantSeq) ?? 0) + by;
    if (next === 0) counts.delete(tenantSeq);
    else counts.set(tenantSeq, next);
  }

  function tell(id: Uuid): void {
    for (const reader of readers.get(id) ?? []) {
      reader.told = true;
      reader.wake?.();
    }
  }

  function tellAll(): void {
    for (const id of [...readers.keys()]) tell(id);
  }

  return {
    watch(tenantSeq, id) {
      if ((counts.get(tenantSeq) ?? 0) >= PAUSE_WAITS_COUNT_MAX) return null;
      const reader: Reader = { told: false, wake: null };
      const ofPause = readers.get(id) ?? new Set<Reader>();
      readers.set(id, ofPause.add(reader));
      count(tenantSeq, 1);
      return {
        async told(patience) {
          if (!closed) await toldOrTired(clock, reader, patience);
          const answer = reader.told && !closed ? "told" : "enough";
          reader.told = false;
          return answer;
        },
        end() {
          if (!ofPause.delete(reader)) return;
          count(tenantSeq, -1);
          if (ofPause.size === 0) readers.delete(id);
        },
      };
    },
    tell,
    tellAll,
    close() {
      closed = true;
      tellAll();
    },
  };
}

function toldOrTired(clock: Clock, reader: Reader, { waitMs, signal }: Patience): Promise<void> {
  return new Promise((resolve) => {
    if (reader.told || signal.aborted) return resolve();
    const timer = clock.after(waitMs, done);
    signal.addEventListener("abort", done, { once: true });
    reader.wake = done;
    function done(): void {
      timer.cancel();
      signal.removeEventListener("abort", done);
      reader.wake = null;
      resolve();
    }
  });
}
