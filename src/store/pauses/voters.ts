/** Who asked a question, and who of its voters can still decide it. */

import type { Actor } from "../../domain/access/access.ts";
import { includesRole, type Role } from "../../domain/access/access.ts";
import type { Seq, Uuid } from "../../domain/ids.ts";
import { KEY_CREATORS_COUNT_MAX, PAUSE_APPROVERS_COUNT_MAX } from "../../domain/limits.ts";
import type { Person } from "../../domain/pauses/pause.ts";
import type { Connection } from "../connection.ts";
import { all, one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";

// By the index of the ids. The approvers of the question, and those of its escalation.
const PEOPLE_COUNT_MAX = 2 * PAUSE_APPROVERS_COUNT_MAX;
const USERS = `
  SELECT id, role
  FROM users
  WHERE id IN (${Array(PEOPLE_COUNT_MAX).fill("?").join(", ")}) AND tenant_seq = ? AND disabled_at IS NULL`;

/** The ids of those who are users of the tenant, can sign in and may decide. */
export function ableOf(connection: Connection, tenantSeq: Seq, people: readonly Person[]): Set<Uuid> {
  const [first] = people;
  if (first === undefined) return new Set();
  const ids = Array.from({ length: PEOPLE_COUNT_MAX }, (_, index) => uuidBytes((people[index] ?? first).id));
  const users = all<{ id: Uint8Array; role: Role }>(connection, USERS, ...ids, tenantSeq);
  return new Set(users.filter(({ role }) => includesRole(role, "developer")).map(({ id }) => uuidText(id)));
}

const CREATOR = "SELECT created_by_kind AS kind, created_by AS id FROM keys WHERE id = ?";

/** The user who asked: by session, or by a key that the user created, or that such a key created. Null: there is none. */
export function requesterOf(connection: Connection, actor: Pick<Actor, "kind" | "id">): Uuid | null {
  let { kind, id }: { kind: Actor["kind"] | null; id: Uuid } = actor;
  for (let steps = 0; kind === "key" && steps < KEY_CREATORS_COUNT_MAX; steps += 1) {
    const by = one<{ kind: "key" | "user" | null; id: Uint8Array | null }>(connection, CREATOR, uuidBytes(id));
    if (by === undefined || by.id === null) return null;
    kind = by.kind;
    id = uuidText(by.id);
  }
  return kind === "user" ? id : null;
}
