/**
 * The store: coarse verbs that take and return domain values. Each verb is atomic.
 *
 * A verb rejects with `StoreUnavailable` when the store cannot commit now. Nothing of the verb has then happened. The
 * caller makes all ids and tokens, so a caller that does not know whether a verb was committed can repeat it: the second
 * call has no further effect.
 */
import type { AccessVerbs } from "./store/access.ts";
import type { AuditVerbs } from "./store/audit.ts";
import type { DeliveryVerbs } from "./store/delivery.ts";
import type { EndpointVerbs } from "./store/endpoints.ts";
import type { EventListVerbs } from "./store/events.ts";
import type { FactVerbs } from "./store/facts.ts";
import type { HistoryVerbs } from "./store/history.ts";
import type { InboundVerbs } from "./store/inbound.ts";
import type { JobVerbs } from "./store/jobs.ts";
import type { LedgerVerbs } from "./store/ledger.ts";
import type { ListenerVerbs } from "./store/listeners.ts";
import type { NodeNotes } from "./store/node-notes.ts";
import type { PauseVerbs } from "./store/pauses.ts";
import type { SessionVerbs } from "./store/sessions.ts";
import type { TerminalVerbs } from "./store/terminals.ts";
import type { UpkeepVerbs } from "./store/upkeep.ts";

export interface Store
  extends DeliveryVerbs,
    EndpointVerbs,
    EventListVerbs,
    FactVerbs,
    HistoryVerbs,
    InboundVerbs,
    JobVerbs,
    LedgerVerbs,
    ListenerVerbs,
    AccessVerbs,
    AuditVerbs,
    SessionVerbs,
    TerminalVerbs,
    PauseVerbs,
    UpkeepVerbs {
  /** Null: only this process has the store open. */
  readonly notes: NodeNotes | null;
}

export type * from "./store/access.ts";
export type * from "./store/audit.ts";
export type * from "./store/cursor.ts";
export type * from "./store/delivery.ts";
export type * from "./store/endpoints.ts";
export type * from "./store/events.ts";
export type * from "./store/facts.ts";
export type * from "./store/history.ts";
export type * from "./store/inbound.ts";
export type * from "./store/jobs.ts";
export type * from "./store/ledger.ts";
export type * from "./store/listeners.ts";
export type * from "./store/node-notes.ts";
export type * from "./store/pauses.ts";
export type * from "./store/sessions.ts";
export type * from "./store/terminals.ts";
export type * from "./store/upkeep.ts";
