/** Where a list goes on: opaque to the caller, and nothing that is worth forging. */
import type { Seq } from "../domain/ids.ts";

export const LIST_NAMES = ["deliveries", "endpoints", "tenants"] as const;
export type ListName = (typeof LIST_NAMES)[number];

const MARK: Readonly<Record<ListName, string>> = { deliveries: "d", endpoints: "e", tenants: "t" };
const FORM = /^([a-z])(0|[1-9]\d{0,14})$/;

export function encodeCursor(list: ListName, seq: Seq): string {
  return Buffer.from(`${MARK[list]}${seq}`, "latin1").toString("base64url");
}

/** Null when it is not a cursor that this list gave. */
export function decodeCursor(list: ListName, cursor: string): Seq | null {
  const match = FORM.exec(Buffer.from(cursor, "base64url").toString("latin1"));
  if (match === null || match[1] !== MARK[list]) return null;
  const seq = Number(match[2]);
  return encodeCursor(list, seq) === cursor ? seq : null;
}
