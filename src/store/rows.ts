/** Conversions between rows and domain values, the same in every store. */
import type { DeliveryState } from "../domain/delivery/delivery.ts";
import type { Uuid } from "../domain/ids.ts";
import { DELIVERY_STATE, STATE } from "./stored-enums.ts";

/**
 * The state that callers see. HELD, and CANCELLED for a deleted endpoint, follow from the endpoint, so that pausing and
 * deleting an endpoint changes none of its deliveries.
 */
export function stateName(
  state: number,
  endpoint: { readonly active: boolean; readonly deleted: boolean },
): DeliveryState {
  if (state < STATE.leased) {
    if (endpoint.deleted) return "CANCELLED";
    if (!endpoint.active) return "HELD";
  }
  return DELIVERY_STATE.name(state);
}

/** The 16 bytes of a UUID. */
export function uuidBytes(id: Uuid): Uint8Array {
  return Buffer.from(id.replaceAll("-", ""), "hex");
}

/** The UUID of these 16 bytes. */
export function uuidText(bytes: Uint8Array): Uuid {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as Uuid;
}

const HOUR_MS = 3_600_000;

/** The start of the hour that a time is in. */
export function hourOf(time: number): number {
  return time - (time % HOUR_MS);
}
