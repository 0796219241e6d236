/**
 * Acts: what the server does for an agent once a person has approved it. The server itself asks, with a question whose
 * metadata are the act. So the person approves exactly what is done, and a receipt of the decision covers it.
 */
import { chosenStatus, type Endpoint } from "../endpoints/endpoint.ts";
import { withoutSecrets } from "../endpoints/redact.ts";
import { type EpochMs, ID_PREFIX, parseEndpointId, parseId, type Uuid } from "../ids.ts";
import { ACT_APPROVAL_MS } from "../limits.ts";
import { milliseconds, parseTime } from "../text/time.ts";
import type { ActKind, Detail, Pause } from "./pause.ts";

export type Act =
  | { readonly kind: "pause_endpoint" | "resume_endpoint"; readonly endpointId: Uuid }
  | { readonly kind: "recover"; readonly endpointId: Uuid; readonly since: EpochMs }
  | { readonly kind: "replay_events"; readonly deliveryIds: readonly Uuid[] };

export const [REFUSE, APPROVE] = ["Refuse", "Approve"] as const;

/** Whether a person approved the act, just now: later, the endpoint may be in another state than the person saw. */
export function isApproved({ act, ending }: Pick<Pause, "act" | "ending">, now: EpochMs): boolean {
  if (act === null || ending?.status !== "responded") return false;
  return ending.choice === APPROVE && ending.by !== undefined && now < ending.at + ACT_APPROVAL_MS;
}

type Shown = Pick<Endpoint, "id" | "name" | "url" | "status" | "pausedAt">;

/** What the person is shown of an endpoint before anything else. The act is done only while all of it is so. */
export function endpointDetails(endpoint: Shown): readonly Detail[] {
  const { id, name, url } = endpoint;
  return [
    { label: "Endpoint", value: name },
    // The agent sees the question, too.
    { label: "URL", value: withoutSecrets(url) },
    { label: "Id", value: ID_PREFIX.endpoint + id },
    { label: "Status", value: chosenStatus(endpoint) },
  ];
}

/** @param details of the question, which begin with {@link endpointDetails} */
export function isAsShown(endpoint: Shown, details: readonly Detail[]): boolean {
  return endpointDetails(endpoint).every(({ value }, at) => value === details[at]?.value);
}

/** The JSON text that stands for the act, as the person sees it. */
export function actText(act: Act): string {
  switch (act.kind) {
    case "pause_endpoint":
    case "resume_endpoint":
      return JSON.stringify({ act: act.kind, endpoint_id: ID_PREFIX.endpoint + act.endpointId });
    case "recover":
      return JSON.stringify({
        act: act.kind,
        endpoint_id: ID_PREFIX.endpoint + act.endpointId,
        since: milliseconds(act.since),
      });
    case "replay_events":
      return JSON.stringify({ act: act.kind, delivery_ids: act.deliveryIds.map((id) => ID_PREFIX.delivery + id) });
  }
}

/** @param text of {@link actText} */
export function actOf(text: string): Act {
  const { act, endpoint_id, since, delivery_ids } = JSON.parse(text) as {
    readonly act: ActKind;
    readonly endpoint_id?: string;
    readonly since?: string;
    readonly delivery_ids?: readonly string[];
  };
  switch (act) {
    case "pause_endpoint":
    case "resume_endpoint":
      return { kind: act, endpointId: known(parseEndpointId(endpoint_id ?? "")) };
    case "recover":
      return { kind: act, endpointId: known(parseEndpointId(endpoint_id ?? "")), since: known(parseTime(since ?? "")) };
    case "replay_events":
      return {
        kind: act,
        deliveryIds: (delivery_ids ?? []).map((id) => known(parseId(ID_PREFIX.delivery, id))),
      };
  }
}

function known<T>(value: T | null): T {
  if (value === null) throw new Error("the metadata of an act are malformed");
  return value;
}
