/** Whose turn it is: tenants in turn, and the lanes of each in turn, so that none costs another its place. */
import type { Seq } from "../../domain/ids.ts";
import { createFairQueue } from "../scheduling/fair-queue.ts";
import type { Lane } from "./lane.ts";

export interface Rounds {
  readonly size: number;
  /** Put a lane into the queue unless it is there already. */
  join(lane: Lane): void;
  /** Take the next lane; null when there is none. Tenants for which `mayServe` answers false keep their turn. */
  next(mayServe?: (tenantSeq: Seq) => boolean): Lane | null;
}

export function createRounds(): Rounds {
  const queue = createFairQueue<Lane>();
  const queued = new Set<Lane>();
  return {
    get size() {
      return queue.size;
    },
    join(lane) {
      if (queued.has(lane)) return;
      queued.add(lane);
      queue.push(lane.tenantSeq, lane);
    },
    next(mayServe) {
      const lane = queue.next(mayServe);
      if (lane !== null) queued.delete(lane);
      return lane;
    },
  };
}
