/** What the server would refuse about a payload that a person typed; null when it is a JSON object of an allowed size. */
import { PAYLOAD_BYTES_MAX } from "@domain/limits.ts";
import { publish as m } from "../../messages/en/events.ts";
import { bytes } from "../locale.ts";

export function payloadFault(payload: string): string | null {
  const over = new Blob([payload]).size - PAYLOAD_BYTES_MAX;
  if (over > 0) return m.tooLarge(bytes(over));
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? null : m.notObject;
  } catch {
    return m.notJson;
  }
}
