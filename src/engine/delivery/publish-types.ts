/** The types of the engine's publish call, as the API sees them. */
import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { TraceContext } from "../../domain/delivery/trace-context.ts";
import type { Uuid } from "../../domain/ids.ts";

export interface PublishInput {
  readonly type: string;
  /** The JSON text of the payload, as it was sent. */
  readonly payload: string;
  /** Without duplicates. Null sends the event to every endpoint whose filter matches. */
  readonly endpointIds: readonly Uuid[] | null;
  readonly idempotencyKey: string | null;
  readonly trace: TraceContext | null;
}

export type PublishOutput =
  | {
      readonly kind: "accepted";
      readonly eventId: Uuid;
      readonly deliveries: readonly {
        readonly deliveryId: Uuid;
        readonly endpointId: Uuid;
        readonly created: boolean;
      }[];
    }
  /** The idempotency key was used before with different content. */
  | { readonly kind: "conflict" }
  | { readonly kind: "unknownEndpoints"; readonly endpointIds: readonly Uuid[] }
  /** More endpoints match than one event may go to (`EVENT_TARGETS_MAX`). */
  | { readonly kind: "tooManyTargets"; readonly count: number }
  /** 507: the tenant's paused endpoints hold as many bytes as they may. */
  | { readonly kind: "backlogFull"; readonly endpointId: Uuid }
  /** 507: the tenant has used up its storage quota. */
  | QuotaExceeded;
