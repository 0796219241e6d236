/** Checks the targets of an event that the server itself publishes. */
import { matchesFilters } from "../../src/domain/delivery/event.ts";
import type { Seq } from "../../src/domain/ids.ts";
import type { World } from "./machine.ts";

const TARGETS = "SELECT endpoint_seq AS seq FROM deliveries WHERE event_seq = ? AND later = 0 ORDER BY endpoint_seq";
// The endpoints that were not disabled when the event was published, with their filters at that time.
const LISTENING = `
  SELECT e.seq, h.event_types
  FROM endpoints e JOIN endpoint_history h ON h.endpoint_seq = e.seq
  WHERE e.tenant_seq = :tenant AND h.status IN ('ACTIVE', 'PAUSED') AND h.after_event_seq = (
    SELECT max(g.after_event_seq)
    FROM endpoint_history g
    WHERE g.endpoint_seq = e.seq AND g.after_event_seq < :event)
  ORDER BY e.seq`;

interface Published {
  readonly seq: Seq;
  readonly tenantSeq: Seq;
  readonly type: string;
}

/** Null if the event has a delivery to exactly the endpoints whose filters matched when it was published. */
export function targetFault({ disk }: World, { seq, tenantSeq, type }: Published): string | null {
  const got = disk
    .prepare(TARGETS)
    .all(seq)
    .map((row) => Number(row.seq));
  const due = disk
    .prepare(LISTENING)
    .all({ tenant: tenantSeq, event: seq })
    .filter(({ event_types }) => matchesFilters(event_types === null ? null : JSON.parse(String(event_types)), type))
    .map((row) => Number(row.seq));
  return JSON.stringify(got) === JSON.stringify(due) ? null : `its event goes to ${got}, should go to ${due}`;
}
