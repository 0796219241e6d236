import type { Actor } from "../../domain/access/access.ts";
import type { Seq, Uuid } from "../../domain/ids.ts";

/** The actor, and the tenant that the request is about: the actor's own, or the one a `global_admin` chose. */
export interface Caller {
  readonly actor: Actor;
  readonly tenantId: Uuid;
  readonly tenantSeq: Seq;
}
