/** What makes a repeat: the same content, or the same id of its sender; as SHA-256, which is all that is remembered. */
import { hash } from "node:crypto";

/** Of the sender's own id of a delivery. */
export function idDigest(deliveryId: string): string {
  return hash("sha256", `id:${deliveryId}`, "hex");
}
