/** What a caller is told whose tenant has as much of something as it may. */
import { QUOTA_BOUNDS, type QuotaExceeded, type QuotaName } from "../../domain/access/quota.ts";
import type { TooFast } from "../../engine/engine-types.ts";
import { type Problem, problem } from "./problem.ts";

interface Words {
  readonly status: number;
  /** What has happened, and what helps at once. */
  readonly say: (limit: number) => string;
}

const usedUp = (things: string, remedy: string) => (limit: number) =>
  `This tenant's quota is ${limit} ${things}, and it is used up. ${remedy}`;

const WORDS: Readonly<Record<QuotaName, Words>> = {
  endpoints: { status: 409, say: usedUp("endpoints", "Delete endpoints until fewer are left") },
  keys: {
    status: 409,
    say: usedUp("keys", "Revoke keys until fewer are left"),
  },
  sources: { status: 409, say: usedUp("sources", "Delete sources until fewer are left") },
  open_pauses: {
    status: 409,
    say: usedUp("open pauses", "Wait until pauses have ended, or cancel some"),
  },
  stored_bytes: {
    status: 507,
    say: (limit) =>
      `This tenant may store ${limit} bytes, and this would be more. Retention frees room as events become too old`,
  },
  events_per_second: {
    status: 429,
    say: (limit) =>
      `This tenant may publish ${limit} events a second, and published more. Wait for the time in Retry-After`,
  },
};

/** The status says what helps: 409 to delete something, 429 to wait, 507 that nothing more can be stored. */
export function quotaProblem({ quota, limit }: QuotaExceeded): Problem {
  const { status, say } = WORDS[quota];
  const raise =
    limit < QUOTA_BOUNDS[quota].max
      ? `A global_admin can raise the quota: PATCH /v1/tenants/{id} with quotas.${quota}, or \`signalbox tenants set\`.`
      : "No tenant may have more.";
  const details = [{ field: `quotas.${quota}`, rule: `is ${limit} for this tenant` }];
  return problem(status, "QUOTA_EXCEEDED", `${say(limit)}. ${raise}`, details);
}

export function tooFastProblem(tooFast: TooFast): Problem {
  return { ...quotaProblem(tooFast), headers: { "retry-after": String(Math.ceil(tooFast.waitMs / 1000)) } };
}
