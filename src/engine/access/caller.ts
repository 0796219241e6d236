import type { Actor } from "../../domain/access/access.ts";
import type { Seq, Uuid } from "../../domain/ids.ts";

/** The actor of a request and the tenant that it is about: the actor's own, or one that a `global_admin` chose. */
export interface Caller {
  readonly actor: Actor;
  readonly tenantId: Uuid;
  readonly tenantSeq: Seq;
}
