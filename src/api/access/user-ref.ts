/** A user in the responses about what a user did. */
import Type, { type Static } from "typebox";
import { ID_PREFIX } from "../../domain/ids.ts";
import type { Person } from "../../domain/pauses/pause.ts";
import { IdText } from "../schema/schemas.ts";

export const UserRef = Type.Object({ id: IdText(ID_PREFIX.user), email: Type.String() }, { title: "UserRef" });

export function userRefJson({ id, email }: Person): Static<typeof UserRef> {
  return { id: ID_PREFIX.user + id, email };
}
