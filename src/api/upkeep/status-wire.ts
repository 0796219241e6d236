/** `/v1/status` on the wire. */
import Type from "typebox";
import { CHANNELS } from "../../domain/pauses/pause.ts";
import { checker } from "../schema/check.ts";
import { Nullable, Time } from "../schema/schemas.ts";

const Channel = Type.Object(
  {
    name: Type.Enum([...CHANNELS]),
    configured: Type.Boolean(),
    setting: Nullable(Type.String({ description: "What to set so that the channel is configured. Null if it is." })),
  },
  { title: "ChannelStatus" },
);
const Store = Type.Object(
  {
    file_bytes: Type.Integer(),
    wal_bytes: Type.Integer(),
    leased: Type.Integer({ description: "Deliveries that this server has leased." }),
    writable: Type.Boolean(),
    disk_free_bytes: Nullable(Type.Integer()),
    disk_total_bytes: Nullable(Type.Integer()),
  },
  { title: "StoreStatus" },
);
const Process = Type.Object(
  {
    started_at: Time,
    node_version: Type.String(),
    memory_bytes: Type.Integer(),
    loop_delay_ms: Type.Object(
      { p50: Type.Integer(), p99: Type.Integer(), max: Type.Integer() },
      { description: "How late the event loop was since this was last read." },
    ),
    queues: Type.Object({
      publish: Type.Integer({ description: "Events that wait to be stored." }),
      settle: Type.Integer({ description: "Results that wait to be stored." }),
      in_flight: Type.Integer({ description: "Attempts in flight." }),
      deliveries: Type.Integer({ description: "Deliveries in memory." }),
      payload_bytes: Type.Integer({ description: "Their payloads." }),
      lanes: Type.Integer({ description: "Busy endpoints." }),
    }),
    streams: Type.Integer({ description: "Open streams of all tenants." }),
    clock: Type.Object({
      trusted: Type.Boolean({ description: "Whether retention may delete by age." }),
      reason: Nullable(Type.String()),
    }),
    settings: Type.Array(
      Type.Object({
        name: Type.String(),
        value: Nullable(Type.String({ description: "Null: not set. A secret is `set`." })),
      }),
    ),
  },
  { title: "ProcessStatus" },
);

export const StatusResponse = Type.Object(
  {
    version: Type.String(),
    at: Time,
    ready: Type.Boolean({ description: "Whether the server can store events now." }),
    reason: Nullable(Type.String({ description: "Why it cannot." })),
    streams: Type.Object({ open: Type.Integer(), max: Type.Integer() }, { description: "The tenant's streams." }),
    channels: Type.Array(Channel),
    store: Nullable(Store),
    process: Nullable(Process),
  },
  { title: "Status", description: "`store` and `process` are null unless the caller is a global_admin." },
);

export const NodesResponse = Type.Object(
  {
    nodes: Type.Array(
      Type.Object(
        {
          id: Type.Integer({ description: "A node gets a new one at each start." }),
          name: Type.String({ description: "The name of its host, with the port." }),
          version: Type.String(),
          started_at: Time,
          last_seen_at: Time,
          lanes: Type.Integer({ description: "Endpoints that only this node delivers to at the moment." }),
          leases: Type.Integer({ description: "Deliveries that it has leased." }),
          leader: Type.Boolean({ description: "Whether it runs jobs and retention." }),
          self: Type.Boolean({ description: "Whether it is the node that responds." }),
        },
        { title: "Node" },
      ),
    ),
  },
  { title: "NodeList" },
);

export const ChannelTestBody = Type.Object(
  {
    address: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2048,
        format: "text",
        description: "Where to send the message. Default for email: the address of the signed-in user.",
      }),
    ),
  },
  { title: "ChannelTestInput", additionalProperties: false, examples: [{}] },
);
export const checkChannelTest = checker(ChannelTestBody);

export const ChannelTestResponse = Type.Object(
  { sent: Type.Boolean(), reason: Nullable(Type.String({ description: "Why it was not sent." })) },
  { title: "ChannelTestResult" },
);
