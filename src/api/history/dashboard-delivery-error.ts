/** What went wrong with a delivery, in a few words for a person. */
import { attemptError } from "../../domain/delivery/attempt-error.ts";
import type { TerminalReason } from "../../domain/delivery/delivery.ts";
import type { LedgerRow } from "../../ports/store.ts";

/** Endings that are no attempt's doing; null where the latest attempt says more. */
const ENDINGS: Readonly<Record<TerminalReason, string | null>> = {
  delivered: null,
  attempts_exhausted: null,
  gone: null,
  cancelled: "cancelled before it was delivered",
  endpoint_deleted: "the webhook was deleted",
  expired: "expired: not delivered within the time that retries may take",
  crashed: "given up: the server stopped each time it was sent",
};

/** Null when it was delivered, and when nothing has gone wrong so far. */
export function deliveryError({ status, reason, lastAttempt }: LedgerRow): string | null {
  if (status === "delivered") return null;
  const ending = reason === null ? null : ENDINGS[reason];
  return ending ?? (lastAttempt === null ? null : attemptError(lastAttempt));
}
