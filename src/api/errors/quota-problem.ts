/** The problem of a tenant that has reached a quota. */
import { QUOTA_BOUNDS, type QuotaExceeded, type QuotaName } from "../../domain/access/quota.ts";
import type { TooFast } from "../../engine/access/publish-rate.ts";
import { type Problem, problem, temporary } from "./problem.ts";

interface QuotaText {
  /** Says what helps: 409 to delete something, 429 to wait, 507 that the tenant cannot store more. */
  readonly status: number;
  /** What happened, and what helps right away. */
  readonly message: (limit: number) => string;
}

const usedUp = (things: string, remedy: string) => (limit: number) =>
  `This tenant has reached its quota of ${limit} ${things}. ${remedy}`;

const TEXTS: Readonly<Record<QuotaName, QuotaText>> = {
  endpoints: { status: 409, message: usedUp("endpoints", "Delete endpoints to get below it") },
  keys: { status: 409, message: usedUp("keys", "Revoke keys to get below it") },
  sources: { status: 409, message: usedUp("sources", "Delete sources to get below it") },
  open_pauses: { status: 409, message: usedUp("open pauses", "Cancel pauses, or wait until some have ended") },
  stored_bytes: {
    status: 507,
    message: (limit) =>
      `This tenant may store ${limit} bytes, and this request would exceed that. Retention frees space as events expire`,
  },
  events_per_second: {
    status: 429,
    message: (limit) =>
      `This tenant may publish ${limit} events per second, and it published more. Wait before you publish again`,
  },
};

export function quotaProblem({ quota, limit }: QuotaExceeded): Problem {
  const { status, message } = TEXTS[quota];
  const raise =
    limit < QUOTA_BOUNDS[quota].max
      ? `A global_admin can raise the quota: PATCH /v1/tenants/{id} with quotas.${quota}, \`signalbox admin tenants set\`, or Tenants in the console.`
      : "No tenant can have a higher quota.";
  const details = [{ field: `quotas.${quota}`, rule: `is ${limit} for this tenant` }];
  return problem(status, "QUOTA_EXCEEDED", `${message(limit)}. ${raise}`, details);
}

export function tooFastProblem(tooFast: TooFast): Problem {
  return temporary(quotaProblem(tooFast), Math.ceil(tooFast.waitMs / 1000));
}
