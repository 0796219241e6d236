/** What a caller is told whose tenant has as much of something as it may. */
import { QUOTA_BOUNDS, type QuotaExceeded, type QuotaName } from "../domain/quota.ts";
import type { TooFast } from "../engine/engine.ts";
import { type Problem, problem } from "./errors.ts";

interface Words {
  readonly status: number;
  /** What has happened, and what helps at once. */
  readonly say: (limit: number) => string;
}

const has = (things: string) => (limit: number) =>
  `This tenant has ${limit} ${things}, which is as many as its quota allows. Delete some of them`;

const WORDS: Readonly<Record<QuotaName, Words>> = {
  endpoints: { status: 409, say: has("endpoints") },
  keys: {
    status: 409,
    say: (limit) => `This tenant has ${limit} keys, which is as many as its quota allows. Revoke some of them`,
  },
  sources: { status: 409, say: has("sources") },
  open_pauses: {
    status: 409,
    say: (limit) =>
      `This tenant has ${limit} open pauses, which is as many as its quota allows. Wait until some have ended, or cancel them`,
  },
  stored_bytes: {
    status: 507,
    say: (limit) =>
      `This tenant may store ${limit} bytes, and this would be more. Retention frees room as events become too old`,
  },
  events_per_second: {
    status: 429,
    say: (limit) =>
      `This tenant may publish ${limit} events a second, and published more. Wait as long as Retry-After says`,
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
