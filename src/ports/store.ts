/**
 * The store: coarse verbs, each one atomic, with domain values in and out.
 *
 * A verb that cannot be carried out because the store cannot commit now rejects with `StoreUnavailable`; nothing of it
 * has happened. Ids and tokens are made by the caller, so an ambiguous verb may be repeated without effect.
 */
import type { AccessVerbs } from "./store/access.ts";
import type { DeliveringVerbs } from "./store/delivery.ts";
import type { EndpointVerbs } from "./store/endpoints.ts";
import type { HistoryVerbs } from "./store/history.ts";
import type { InboundVerbs } from "./store/inbound.ts";
import type { LedgerVerbs } from "./store/ledger.ts";
import type { PauseVerbs } from "./store/pauses.ts";
import type { SessionVerbs } from "./store/sessions.ts";
import type { UpkeepVerbs } from "./store/upkeep.ts";

export interface Store
  extends DeliveringVerbs,
    EndpointVerbs,
    HistoryVerbs,
    InboundVerbs,
    LedgerVerbs,
    AccessVerbs,
    SessionVerbs,
    PauseVerbs,
    UpkeepVerbs {}

export type * from "./store/access.ts";
export type * from "./store/cursor.ts";
export type * from "./store/delivery.ts";
export type * from "./store/endpoints.ts";
export type * from "./store/history.ts";
export type * from "./store/inbound.ts";
export type * from "./store/ledger.ts";
export type * from "./store/pauses.ts";
export type * from "./store/sessions.ts";
export type * from "./store/upkeep.ts";
