/** `/v1/status`: what the server is doing, for people who operate it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { includesRole } from "../../domain/access/access.ts";
import { STREAMS_PER_TENANT_MAX } from "../../domain/limits.ts";
import { CHANNELS, type Channel } from "../../domain/pauses/pause.ts";
import { recipientFault } from "../../domain/pauses/recipient.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, notFound, problem, temporary } from "../errors/problem.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import {
  ChannelTestBody,
  ChannelTestResponse,
  checkChannelTest,
  NodesResponse,
  StatusResponse,
} from "./status-wire.ts";

const tags = ["Operations"];
type ByName = { Params: { name: string } };

export function registerStatusRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get("/v1/status", STATUS, readStatus(deps));
  app.get("/v1/nodes", NODES, listNodes(deps));
  app.post<ByName>("/v1/status/channels/:name/test", TEST, testChannel(deps));
}

const STATUS = {
  config: { needs: "org_admin" as const },
  schema: {
    tags,
    operationId: "getStatus",
    summary: "Read what the server is doing",
    description:
      "It also answers while the store cannot commit. The process, the store and the settings are shown to a global_admin.",
    response: { 200: StatusResponse, ...errorResponses() },
  },
};

function readStatus({ engine: { status }, ...deps }: ApiDeps) {
  return async ({ caller }: FastifyRequest): Promise<object> => {
    const ready = status.ready();
    const seesProcess = includesRole(caller.actor.role, "global_admin");
    return {
      version: deps.version,
      at: wholeSeconds(deps.clock.now()),
      ready: ready.ready,
      reason: ready.ready ? null : ready.reason,
      streams: { open: status.streams(caller.tenantSeq), max: STREAMS_PER_TENANT_MAX },
      channels: CHANNELS.map((name) => {
        const configured = status.isConfigured(name);
        return { name, configured, setting: configured ? null : SETTINGS[name] };
      }),
      store: seesProcess ? await storeJson({ status }, deps) : null,
      process: seesProcess ? processJson({ status }, deps) : null,
    };
  };
}

type Status = { readonly status: ApiDeps["engine"]["status"] };

/** How to configure each channel. Slack needs no setting. */
const SETTINGS: Readonly<Record<Channel, string | null>> = {
  email: "SMTP_URL and SIGNALBOX_MAIL_FROM",
  slack: null,
  sms: "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM",
};

async function storeJson({ status }: Status, { process }: Pick<ApiDeps, "process">): Promise<object> {
  const [store, disk] = await Promise.all([status.store(), process.disk().catch(() => null)]);
  return {
    file_bytes: store.fileBytes,
    wal_bytes: store.walBytes,
    leased: store.leased,
    writable: store.writable,
    disk_free_bytes: disk?.freeBytes ?? null,
    disk_total_bytes: disk?.totalBytes ?? null,
  };
}

function processJson({ status }: Status, { process: own, settings }: Pick<ApiDeps, "process" | "settings">): object {
  const gauges = status.gauges();
  const doubt = status.clockDoubt();
  return {
    started_at: wholeSeconds(own.startedAt),
    node_version: process.version,
    memory_bytes: own.memoryBytes(),
    loop_delay_ms: own.loopDelayMs(),
    queues: {
      publish: gauges.publishQueue,
      settle: gauges.settleQueue,
      in_flight: gauges.inFlight,
      deliveries: gauges.deliveriesInMemory,
      payload_bytes: gauges.payloadBytesInMemory,
      lanes: gauges.lanes,
    },
    streams: status.streams(null),
    clock: { trusted: doubt === null, reason: doubt },
    settings,
  };
}

const NODES = {
  config: { needs: "global_admin" as const },
  schema: {
    tags,
    operationId: "listNodes",
    summary: "List the nodes that share the store",
    description:
      "With the embedded store there is one. A node that stops, or that nobody hears for 15 s, is not listed.",
    response: { 200: NodesResponse, ...errorResponses() },
  },
};

function listNodes({ engine: { status } }: ApiDeps) {
  return async (): Promise<object> => ({
    nodes: (await status.nodes()).map((node) => ({
      id: node.node,
      name: node.name,
      version: node.version,
      started_at: wholeSeconds(node.enteredAt),
      last_seen_at: wholeSeconds(node.seenAt),
      lanes: node.lanes,
      leases: node.leases,
      leader: node.isLeader,
      self: node.isSelf,
    })),
  });
}

const TEST = {
  config: { needs: "org_admin" as const },
  schema: {
    tags,
    operationId: "testChannel",
    summary: "Send a test message over a channel",
    description: "Waits until the message is sent or refused.",
    params: Type.Object({ name: Type.String() }),
    body: ChannelTestBody,
    response: { 200: ChannelTestResponse, ...errorResponses(404, 409, 413, 415, 429) },
  },
};

function testChannel({ engine: { status } }: ApiDeps) {
  return async (request: FastifyRequest<ByName>, reply: FastifyReply): Promise<object> => {
    const channel = CHANNELS.find((name) => name === request.params.name);
    if (channel === undefined) return refuse(reply, CHANNEL_NOT_FOUND);
    const body = checkChannelTest(bodyOf(request).value ?? {});
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    if (!status.isConfigured(channel)) return refuse(reply, notConfigured(channel));
    const address = body.value.address ?? (channel === "email" ? request.session?.email : undefined);
    if (address === undefined) return refuse(reply, invalid([{ field: "address", rule: "is required" }]));
    const fault = recipientFault(channel, address);
    if (fault !== null) return refuse(reply, invalid([{ field: "address", rule: fault }]));
    const output = await status.testChannel(channel, address);
    switch (output.kind) {
      case "busy":
        return refuse(reply, BUSY);
      case "addressRefused":
        return refuse(reply, invalid([{ field: "address", rule: output.reason }]));
      case "failed":
        return { sent: false, reason: output.reason };
      case "sent":
        return { sent: true, reason: null };
    }
  };
}

const CHANNEL_NOT_FOUND = notFound(
  "CHANNEL_NOT_FOUND",
  `There is no such channel. The channels are ${CHANNELS.join(", ")}.`,
);
const BUSY_RETRY_SECONDS = 5;
const BUSY = temporary(
  problem(429, "RATE_LIMITED", "Too many test messages are being sent. Try again in a moment."),
  BUSY_RETRY_SECONDS,
);

function notConfigured(channel: Channel) {
  const message = `The channel ${channel} is not configured on this server: set ${SETTINGS[channel]}.`;
  return problem(409, "CHANNEL_NOT_CONFIGURED", message);
}
