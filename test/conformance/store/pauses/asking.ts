/** The pauses of one tenant, and their endings. */
import assert from "node:assert/strict";
import type { Actor } from "../../../../src/domain/access/access.ts";
import type { TraceContext } from "../../../../src/domain/delivery/trace-context.ts";
import type { Endpoint } from "../../../../src/domain/endpoints/endpoint.ts";
import type { EpochMs, Seq, Uuid } from "../../../../src/domain/ids.ts";
import type {
  ActKind,
  NotificationState,
  Pause,
  Plan,
  Question,
  Recipient,
  SignInRule,
} from "../../../../src/domain/pauses/pause.ts";
import type {
  AuditFilter,
  AuditRow,
  CreatePause,
  EndPauseResult,
  EventView,
  Store,
} from "../../../../src/ports/store.ts";
import { type Ground, keyClaim, type PublishOptions, type Tenancy } from "../access/tenancy.ts";
import { HOUR, SECOND, START } from "../delivery/times.ts";

/** A filter that every pause of the tenant matches, newest first. */
export const ANY_PAUSE = { status: null, order: "newest", channel: null, text: null } as const;

export interface AskOptions extends Partial<Question> {
  readonly now?: EpochMs;
  readonly expiresAt?: EpochMs;
  readonly recipient?: Recipient | null;
  readonly signIn?: SignInRule<Uuid> | null;
  readonly plan?: Plan<Uuid> | null;
  readonly tellsApprovers?: boolean;
  readonly notification?: NotificationState;
  readonly key?: PublishOptions["key"];
  readonly trace?: TraceContext;
  readonly act?: ActKind;
}

export interface Asking {
  request(options?: AskOptions): CreatePause;
  /** Create a pause. By default it expires in an hour and notifies nobody. */
  ask(options?: AskOptions): Promise<Pause>;
  answer(pause: Pause, answer?: { choice?: string; text?: string | null; now?: EpochMs }): Promise<EndPauseResult>;
  cancel(pause: Pause, now?: EpochMs): Promise<EndPauseResult>;
  expire(pause: Pause, now?: EpochMs): Promise<EndPauseResult>;
  find(pause: Pause): Promise<Pause>;
  /** The events of an endpoint's deliveries, oldest first. */
  events(endpoint: Endpoint): Promise<readonly EventView[]>;
  /** Oldest first. */
  audit(filter?: Partial<AuditFilter>): Promise<readonly AuditRow[]>;
  openedBy(pause: Pause, userAgent: string | null, now?: EpochMs): Promise<void>;
}

export const EMAIL: Recipient = { channel: "email", address: "ann@example.com" };
export const PENDING: NotificationState = { status: "pending", reason: null };
const AT = START + SECOND;
const NOBODY: NotificationState = { status: "none", reason: null };

const QUESTION = {
  message: "Deploy to production?",
  options: ["yes", "no"],
  details: [],
  allowTextResponse: false,
  timeoutDefault: null,
  metadata: null,
};

function requestOf(
  world: Ground,
  { actor, tenantSeq }: Tenancy,
  {
    now = START,
    key,
    recipient = null,
    signIn = null,
    plan = null,
    tellsApprovers = false,
    notification,
    expiresAt,
    trace,
    act,
    ...question
  }: AskOptions = {},
): CreatePause {
  const claim = keyClaim(key);
  return {
    actor,
    tenantSeq,
    id: world.newId(),
    question: { ...QUESTION, ...question },
    recipient,
    signIn,
    plan,
    tellsApprovers,
    notification: notification ?? NOBODY,
    expiresAt: expiresAt ?? now + HOUR,
    idempotency: claim === null ? null : { ...claim, surface: "pauses" as const },
    trace: trace ?? null,
    ...(act !== undefined && { act }),
    now,
  };
}

export function createAsking(world: Ground, tenant: Tenancy): Asking {
  const { tenantSeq, actor } = tenant;

  const request = (options?: AskOptions) => requestOf(world, tenant, options);

  return {
    request,
    async ask(options) {
      const created = await world.store.createPause(request(options));
      assert(created.kind === "created");
      return created.pause;
    },
    answer: ({ id }, { choice = "yes", text = null, now = START } = {}) =>
      world.store.endPause({ id, by: "human", choice, text, now }),
    cancel: ({ id }, now = START) => world.store.endPause({ id, by: "developer", actor, tenantSeq, now }),
    expire: ({ id, expiresAt }, now = expiresAt) => world.store.endPause({ id, by: "deadline", now }),
    async find({ id }) {
      return (await world.store.getPause(tenantSeq, id)) ?? assert.fail();
    },
    async events(endpoint) {
      const rows = (await tenant.all()).filter(({ endpointId }) => endpointId === endpoint.id);
      return Promise.all(rows.map(({ eventId }) => tenant.event(eventId)).toReversed());
    },
    async audit(filter = {}) {
      const whole = { pauseId: null, type: null, from: null, to: null, tenantSeq };
      const page = await world.store.listAudit({ ...whole, ...filter }, 0, 1000);
      assert.equal(page.total, page.rows.length);
      return page.rows.toReversed();
    },
    openedBy: ({ id }, userAgent, now = START) =>
      world.store.recordOpening({ pauseId: id, method: "GET", userAgent, now }),
  };
}

/** The audit entries of a pause, without ids and times. */
export async function auditOf(asking: Asking, pauseId: Uuid): Promise<unknown[]> {
  return (await asking.audit({ pauseId })).map(({ type, actor, data }) => [type, actor, data]);
}

interface DecideOptions {
  readonly choice?: string;
  readonly text?: string | null;
  readonly now?: number;
  /** The store of another node. */
  readonly store?: Store;
}

/** A user of the tenant who decides. */
export async function newDecider(world: Ground, tenant: Tenancy, role: "developer" | "viewer" = "developer") {
  const id = world.newId();
  const user = { id, email: `${id}@example.com`, passwordHash: "$argon2id$x", role } as const;
  const { tenantSeq } = tenant;
  const created = await world.store.createUser({ ...tenant.owner, user, link: null, now: START });
  assert.equal(created.kind, "created");
  const actor: Actor = { ...tenant.actor, kind: "user", id, role };
  const decide = (
    { id: pauseId }: Pick<Pause, "id">,
    { choice = "yes", text = null, now = AT, store = world.store }: DecideOptions = {},
    of: Seq = tenantSeq,
  ): Promise<EndPauseResult> =>
    store.endPause({ id: pauseId, by: "user", actor, email: user.email, tenantSeq: of, choice, text, now });
  return { id, email: user.email, person: { id, email: user.email }, actor, decide };
}
