/** Forgets what another process or node changed, and no more than that. */
import type { Change } from "../../ports/store.ts";
import type { Access } from "../access/access.ts";
import type { Pace } from "../access/publish-rate.ts";
import type { Sessions } from "../access/sessions.ts";
import type { Claims } from "../delivery/claims.ts";
import type { Matching } from "../endpoints/matching.ts";
import type { Inbound } from "../inbound/inbound.ts";
import type { Waits } from "../pauses/waits.ts";

/** The parts of the engine that remember what the store has, or wait for it. */
export interface Remembering {
  readonly matching: Pick<Matching, "changed" | "clear">;
  readonly access: Pick<Access, "forget">;
  readonly pace: Pick<Pace, "forget">;
  readonly sessions: Pick<Sessions, "forget">;
  readonly inbound: Pick<Inbound, "forget">;
  readonly claims: Pick<Claims, "discover">;
  readonly waits: Pick<Waits, "tell" | "tellAll">;
}

export function forgetChanged(engine: Remembering, change: Change): void {
  switch (change.kind) {
    case "anything":
      forgetAll(engine);
      return;
    case "keys":
      engine.access.forget();
      return;
    case "sessions":
      engine.sessions.forget();
      return;
    case "sources":
      engine.inbound.forget();
      return;
    case "endpoints":
      engine.matching.changed(change.tenantSeq);
      return;
    case "quotas":
      engine.pace.forget(change.tenantSeq);
      return;
    case "pause":
      engine.waits.tell(change.id);
      return;
  }
}

function forgetAll({ matching, access, pace, sessions, inbound, claims, waits }: Remembering): void {
  matching.clear();
  access.forget();
  pace.forget();
  sessions.forget();
  inbound.forget();
  claims.discover();
  waits.tellAll();
}
