/** `retry`, `replay` and `cancel`: of single deliveries, or of all that match the filters of a list. */
import { type BulkInput, type Delivery, type DeliveryConditions, SignalboxError } from "../../../../sdk/src/index.ts";
import type { Context } from "../../context.ts";
import { type ExitCode, type Failure, failureOf, usage } from "../../failure.ts";
import { flag, whole } from "../../options.ts";
import { counted, safe } from "../../output/text.ts";
import { printJob, watchJob } from "../../watch.ts";

type Action = BulkInput["action"];

export const BULK_OPTIONS = {
  dryRun: flag("only say what would change"),
  yes: flag("do not ask"),
  watch: flag("wait until the job is done"),
  perSecond: whole("N", "change at most this many deliveries a second", { min: 1, max: 10_000 }),
};

export interface BulkGiven {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly watch: boolean;
  readonly perSecond: number | undefined;
}

/** Deliveries as people read the number. */
export const deliveries = (count: number) => counted(count, "delivery", "deliveries");

/** Change everything that matches: count it, ask, start the job, and with `--watch` wait for its end. */
export async function changeMatching(
  context: Context,
  action: Action,
  filter: BulkInput["filter"],
  { dryRun, yes, watch, perSecond }: BulkGiven,
): Promise<ExitCode | undefined> {
  const { client, out, signal } = context;
  const input = { action, filter, ...(perSecond !== undefined && { per_second: perSecond }) };
  const count = await client.deliveries.countBulk(input, { signal });
  if (dryRun) {
    await out.one(count, {
      id: () => null,
      fields: ({ total, unchanged, endpoints }) => [
        [`would ${action}`, deliveries(total)],
        ["would leave", deliveries(unchanged)],
        ...endpoints.map((each) => [`  ${safe(each.endpoint_name)}`, each.count] as const),
      ],
    });
    return undefined;
  }
  if (count.total === 0 && out.mode === "people") {
    out.tell(`There is nothing to ${action}.`);
    return undefined;
  }
  if (count.total > 0 && !yes) await context.confirm(`${capital(action)} ${deliveries(count.total)}?`);
  // Only what was counted: deliveries that were created since then are left alone.
  const started = await client.deliveries.bulk({ ...input, as_of: count.as_of }, { signal });
  if (watch) return printJob(context, await watchJob(context, started.job_id));
  await out.one(started, {
    id: ({ job_id }) => job_id,
    fields: ({ job_id, total }) => [
      ["job", job_id],
      [action, deliveries(total)],
    ],
  });
  return undefined;
}

/** Change these deliveries one by one. What cannot be changed is told, and does not keep the others. */
export async function changeEach(
  { client, out, signal }: Context,
  action: "retry" | "cancel",
  ids: readonly string[],
): Promise<ExitCode | undefined> {
  let failed: Failure | null = null;
  for (const id of ids) {
    try {
      const changed = action === "retry" ? await client.deliveries.retry(id, { signal }) : await cancel();
      await out.item(changed, id, `${id}  ${statusOf(changed)}`);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === null || !(error instanceof SignalboxError) || ids.length === 1) throw error;
      out.warn(`${id}: ${failure.message}`);
      failed ??= failure;
    }
    function cancel() {
      return client.deliveries.cancel(id, { signal });
    }
  }
  return failed?.exit;
}

/** Deliver these again, as new deliveries. */
export async function replayEach(
  { client, out, signal }: Context,
  ids: readonly string[],
  dryRun: boolean,
): Promise<undefined> {
  const replay = await client.replays.create({ delivery_ids: ids, dry_run: dryRun }, { signal });
  await out.one(replay, {
    id: ({ batch_id }) => batch_id,
    fields: ({ batch_id, created_deliveries, skipped }) => [
      ["replay", batch_id],
      [dryRun ? "would create" : "created", deliveries(created_deliveries)],
      ["skipped", skipped],
    ],
  });
}

/** @throws Failure unless there are ids or filters, and not both */
export function refuseUnclear(ids: readonly string[], filter: DeliveryConditions, all: boolean): void {
  const hasFilter = Object.values(filter).some((value) => value !== undefined);
  if (ids.length > 0 && (hasFilter || all)) throw usage("pass ids or filters, not both");
  if (ids.length === 0 && !hasFilter && !all) {
    throw usage("pass ids, or filters such as --status FAILED, or --all for every delivery");
  }
}

function statusOf(changed: Delivery | { readonly status: string }): string {
  return changed.status.toUpperCase();
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
