/** A short description of what went wrong with a delivery. */
import { attemptError } from "../../domain/delivery/attempt-error.ts";
import type { TerminalReason } from "../../domain/delivery/delivery.ts";
import type { LedgerRow } from "../../ports/store.ts";

/** How deliveries end other than through an attempt. Null where the latest attempt says more. */
const ENDINGS: Readonly<Record<TerminalReason, string | null>> = {
  delivered: null,
  attempts_exhausted: null,
  gone: null,
  cancelled: "cancelled before it was delivered",
  endpoint_deleted: "the webhook was deleted",
  expired: "expired: not delivered within the time that retries may take",
  listener_full: "too many deliveries waited for the listener",
  crashed: "given up: the server stopped each time it was sent",
};

/** Null if the delivery succeeded, or if nothing has gone wrong so far. */
export function deliveryError({ status, reason, lastAttempt }: LedgerRow): string | null {
  if (status === "delivered") return null;
  const ending = reason === null ? null : ENDINGS[reason];
  return ending ?? (lastAttempt === null ? null : attemptError(lastAttempt));
}
