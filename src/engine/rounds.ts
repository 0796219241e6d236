/** Whose turn it is: tenants in turn, and the lanes of each in turn, so that none costs another its place. */
import type { Seq } from "../domain/ids.ts";
import type { Lane } from "./lane.ts";

export interface Rounds {
  /** Let a lane that may start something stand in line; once is enough. */
  join(lane: Lane): void;
  /** The next lane in turn; null when none stands in line. It has left the line. */
  next(): Lane | null;
}

export function createRounds(): Rounds {
  // Queues by tenant; a Map keeps the tenants themselves in turn, since the one served is deleted and set again.
  const tenants = new Map<Seq, Lane[]>();
  return {
    join(lane) {
      if (lane.inRound) return;
      lane.inRound = true;
      const line = tenants.get(lane.tenantSeq);
      if (line === undefined) tenants.set(lane.tenantSeq, [lane]);
      else line.push(lane);
    },
    next() {
      const first = tenants.entries().next();
      if (first.done) return null;
      const [tenantSeq, line] = first.value;
      const lane = line.shift() as Lane;
      lane.inRound = false;
      tenants.delete(tenantSeq);
      if (line.length > 0) tenants.set(tenantSeq, line);
      return lane;
    },
  };
}
