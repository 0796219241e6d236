/** Lanes that wait for their turn: tenants take turns, and so do the lanes of each tenant. */
import type { Seq } from "../../domain/ids.ts";
import { FairQueue } from "../scheduling/fair-queue.ts";
import type { Lane } from "./lane.ts";

export class LaneQueue {
  readonly #queue = new FairQueue<Lane>();
  readonly #queued = new Set<Lane>();

  get size(): number {
    return this.#queue.size;
  }

  /** Add a lane at the end of its tenant's lanes, unless it is queued already. */
  add(lane: Lane): void {
    if (this.#queued.has(lane)) return;
    this.#queued.add(lane);
    this.#queue.push(lane.tenantSeq, lane);
  }

  /** Take the next lane; null when there is none. A tenant for which `mayServe` returns false keeps its turn. */
  next(mayServe?: (tenantSeq: Seq) => boolean): Lane | null {
    const lane = this.#queue.next(mayServe);
    if (lane !== null) this.#queued.delete(lane);
    return lane;
  }
}
