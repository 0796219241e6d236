/** Endpoints: made, changed, tested, recovered. */

import type { Event } from "../../domain/delivery/event.ts";
import { destinationOf, type Endpoint, endpointDefaults } from "../../domain/endpoints/endpoint.ts";
import { ENDPOINT_NAME_CHARS_MAX, TESTS_IN_FLIGHT_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Sender } from "../../ports/sender.ts";
import type { PatchEndpoint, Store } from "../../ports/store.ts";
import type { Attempts } from "../delivery/attempts.ts";
import type { Deliveries } from "../delivery/deliveries.ts";
import type { Caller, EndpointService, PatchEndpointInput, TestAnswer } from "../engine-types.ts";
import type { Matching } from "./matching.ts";
import { STOPPING, TOO_MANY_TESTS, testAnswer, testMessage } from "./test-answer.ts";

export interface EndpointsOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly sender: Sender;
  readonly matching: Matching;
  readonly deliveries: Deliveries;
  readonly attempts: Attempts;
  /** A job was started. */
  readonly onJob: () => void;
}

const SECRET_RANDOM_BYTES = 32;

export function createEndpoints(options: EndpointsOptions): EndpointService {
  const { clock, store, sender, matching, deliveries } = options;
  let testing = 0;

  const generateSecret = () => `whsec_${clock.randomBase64(SECRET_RANDOM_BYTES)}`;

  /** Carry out a change, and let everything in memory follow it before it is answered. */
  async function patchStored(request: PatchEndpoint): Promise<Endpoint | null> {
    const patched = await store.patchEndpoint(request);
    matching.changed(request.tenantSeq);
    if (patched === null) return null;
    await deliveries.changed(destinationOf(patched.endpoint), patched.lane);
    return patched.endpoint;
  }

  async function test(caller: Caller, endpoint: Endpoint): Promise<TestAnswer> {
    const event: Event = {
      id: clock.uuid(),
      tenantId: caller.tenantId,
      type: "test",
      payload: JSON.stringify({ message: testMessage(endpoint.format) }),
      acceptedAt: clock.now(),
      pauseId: null,
    };
    const delivery = {
      id: clock.uuid(),
      event,
      format: endpoint.format,
      attempts: 0,
      runAttempts: 0,
      runFirstActiveMs: null,
    };
    // Without a schedule: whatever comes of it, it is not retried.
    const made = await options.attempts.make(delivery, { ...endpoint, retryScheduleSeconds: [] }, 0);
    if (made === null) return STOPPING;
    await store.recordTest({
      tenantSeq: caller.tenantSeq,
      endpointSeq: endpoint.seq,
      event,
      deliveryId: delivery.id,
      format: endpoint.format,
      ...made,
    });
    return testAnswer(made);
  }

  return {
    async urlFault(url) {
      const verdict = await sender.vet(url);
      return verdict.kind === "refused" ? verdict.reason : null;
    },
    async create({ actor, tenantSeq }, { madeBy, settings, secret }) {
      const verdict = await sender.vet(settings.url);
      if (verdict.kind === "refused") return { kind: "urlRefused", reason: verdict.reason };
      const generatedSecret = secret === null ? generateSecret() : null;
      const created = await store.createEndpoint({
        actor,
        tenantSeq,
        id: clock.uuid(),
        settings: {
          ...endpointDefaults(madeBy),
          ...settings,
          url: verdict.url,
          name: settings.name ?? nameOf(verdict.url),
        },
        secret: secret ?? (generatedSecret as string),
        madeBy,
        now: clock.now(),
      });
      matching.changed(tenantSeq);
      return created.kind === "created" ? { ...created, generatedSecret } : created;
    },
    get: ({ tenantSeq }, id) => store.getEndpoint(tenantSeq, id),
    list: ({ tenantSeq }, cursor, limit) => store.listEndpoints(tenantSeq, cursor, limit),
    listFrom: ({ tenantSeq }, offset, limit) => store.listEndpointsFrom(tenantSeq, offset, limit),
    async unknown({ tenantSeq }, ids) {
      return (await matching.find(tenantSeq, { type: "", endpointIds: ids })).unknown;
    },
    async patch({ actor, tenantSeq }, id, input) {
      const url = input.settings?.url;
      let vetted = {};
      if (url !== undefined) {
        // Looked up first, so that another tenant's endpoint is unknown whatever the URL.
        if ((await store.getEndpoint(tenantSeq, id)) === null) return { kind: "unknown" };
        const verdict = await sender.vet(url);
        if (verdict.kind === "refused") return { kind: "urlRefused", reason: verdict.reason };
        vetted = { settings: { ...input.settings, url: verdict.url } };
      }
      const patched = await patchStored({
        actor,
        tenantSeq,
        id,
        now: clock.now(),
        ...changesOf({ ...input, ...vetted }),
      });
      const view = patched === null ? null : await store.getEndpoint(tenantSeq, id);
      if (patched === null || view === null) return { kind: "unknown" };
      // What this change made of it, and not another one that came right behind it.
      return { kind: "patched", view: { ...view, endpoint: patched } };
    },
    async remove({ actor, tenantSeq }, id) {
      const state = await store.deleteEndpoint({ actor, tenantSeq, id, now: clock.now() });
      matching.changed(tenantSeq);
      if (state === null) return false;
      await deliveries.deleted(state);
      options.onJob();
      return true;
    },
    async rotateSecret({ actor, tenantSeq }, id, { secret, overlapSeconds }) {
      const generatedSecret = secret === null ? generateSecret() : null;
      const now = clock.now();
      const previousExpiresAt = now + overlapSeconds * 1000;
      const value = secret ?? (generatedSecret as string);
      const change = { value, previousUntil: overlapSeconds === 0 ? null : previousExpiresAt };
      const patched = await patchStored({ actor, tenantSeq, id, now, secret: change });
      return patched === null ? null : { generatedSecret, previousExpiresAt };
    },
    async test(caller, id) {
      const view = await store.getEndpoint(caller.tenantSeq, id);
      if (view === null) return null;
      if (testing >= TESTS_IN_FLIGHT_MAX) return TOO_MANY_TESTS;
      testing += 1;
      try {
        return await deliveries.alongside(test(caller, view.endpoint));
      } finally {
        testing -= 1;
      }
    },
    async recover({ actor, tenantSeq }, id, since) {
      const request = { actor, tenantSeq, endpointId: id, jobId: clock.uuid(), since, now: clock.now() };
      const jobId = await store.startRecover(request);
      if (jobId !== null) options.onJob();
      return jobId;
    },
  };
}

function changesOf({ settings, status, secret }: PatchEndpointInput): Partial<PatchEndpoint> {
  return {
    ...(settings === undefined ? {} : { settings }),
    ...(status === undefined ? {} : { status, disabledReason: "manual" }),
    ...(secret === undefined ? {} : { secret: { value: secret, previousUntil: null } }),
  };
}

function nameOf(url: string): string {
  return new URL(url).hostname.slice(0, ENDPOINT_NAME_CHARS_MAX);
}
