/** Which requests repeat an earlier one: those with the same delivery ID of the sender, or with the same content. */
import { hash } from "node:crypto";
import type { InboundRequest } from "../../domain/inbound/request.ts";
import type { Source } from "../../domain/inbound/source.ts";
import { contentDigest } from "./json/jcs.ts";

/** Two requests with the same digest are one. Null when nothing identifies repeats, so each request is an event. */
export function repeatDigest(source: Source, request: InboundRequest, deliveryId: string | null): string | null {
  // Not the content digest itself, which belongs to pause statuses: a pause status of the same content says more than
  // this request, and must not count as its repeat.
  if (source.scheme === "jcs") return idDigest(`content:${contentDigest(request.body)}`);
  return deliveryId === null ? null : idDigest(deliveryId);
}

function idDigest(id: string): string {
  return hash("sha256", `id:${id}`, "hex");
}
