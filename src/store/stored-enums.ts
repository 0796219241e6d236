/**
 * The numbers that stand for names in stored rows, the same in every store.
 *
 * A number keeps its meaning for as long as any data has it: a new name gets a new number. `stored-enums.test.ts` pins
 * all of them.
 */
import type { AttemptOutcome, Classification, DeliveryState, TerminalReason } from "../domain/delivery/delivery.ts";
import type { Format } from "../domain/endpoints/endpoint.ts";
import type { TransitionDirection } from "../domain/inbound/pause-status.ts";
import type { Channel, NotificationState, PauseStatus } from "../domain/pauses/pause.ts";
import type { InboundKind } from "../ports/store.ts";

export interface StoredEnum<Name extends string> {
  readonly names: readonly Name[];
  number(name: Name): number;
  /** @throws RangeError when the number stands for no name */
  name(number: number): Name;
}

function storedEnum<Name extends string>(what: string, numbers: Readonly<Record<Name, number>>): StoredEnum<Name> {
  const names = Object.keys(numbers) as Name[];
  const byNumber: Name[] = [];
  for (const name of names) byNumber[numbers[name]] = name;
  return {
    names,
    number: (name) => numbers[name],
    name(number) {
      const name = byNumber[number];
      if (name === undefined) throw new RangeError(`${number} is no stored ${what}`);
      return name;
    },
  };
}

/** The stored states of a delivery. */
export const STATE = {
  waitingNew: 0,
  waitingRetry: 1,
  leased: 2,
  delivered: 3,
  failed: 4,
  cancelled: 5,
  expired: 6,
} as const;

/** HELD is never stored: it follows from the endpoint's status. */
export const DELIVERY_STATE = storedEnum<Exclude<DeliveryState, "HELD">>("delivery state", {
  PENDING: STATE.waitingNew,
  SCHEDULED: STATE.waitingRetry,
  IN_PROGRESS: STATE.leased,
  DELIVERED: STATE.delivered,
  FAILED: STATE.failed,
  CANCELLED: STATE.cancelled,
  EXPIRED: STATE.expired,
});

export const OUTCOME = storedEnum<AttemptOutcome>("outcome", {
  SUCCESS: 0,
  RETRYABLE_FAILURE: 1,
  NON_RETRYABLE_FAILURE: 2,
});

/** In the ledger, where 0 stands for a delivery without an attempt. */
export const CLASSIFICATION = storedEnum<Classification>("classification", {
  success: 1,
  http_status: 2,
  gone: 3,
  internal_error: 4,
  url_refused: 5,
  dns_not_found: 6,
  dns_timeout: 7,
  dns_error: 8,
  address_refused: 9,
  connect_refused: 10,
  connect_timeout: 11,
  connect_error: 12,
  tls_error: 13,
  reset: 14,
  response_timeout: 15,
  answer_head_too_large: 16,
  protocol_error: 17,
});

/** In the ledger, where 0 stands for a delivery that has not ended. */
export const REASON = storedEnum<TerminalReason>("reason", {
  delivered: 1,
  attempts_exhausted: 2,
  gone: 3,
  crashed: 4,
  cancelled: 5,
  endpoint_deleted: 6,
  expired: 7,
  listener_full: 8,
});

export const FORMAT = storedEnum<Format>("format", { plain: 0, pausepoint: 1, pacspace: 2, standard: 3 });

export const PAUSE_STATUS = storedEnum<PauseStatus>("pause status", {
  pending: 0,
  responded: 1,
  timed_out: 2,
  cancelled: 3,
});

export const CHANNEL = storedEnum<Channel>("channel", { email: 0, slack: 1, sms: 2 });

export const NOTIFICATION = storedEnum<NotificationState["status"]>("notification status", {
  none: 0,
  pending: 1,
  sent: 2,
  failed: 3,
});

export const INBOUND_KIND = storedEnum<InboundKind>("kind of inbound event", { pauseStatus: 0, any: 1 });

export const DIRECTION = storedEnum<TransitionDirection>("direction", {
  PAUSE_ACTIVATED: 0,
  PAUSE_DEACTIVATED: 1,
  NONE: 2,
});
