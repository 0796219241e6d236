/** All first words, in the order of the help. A group's file is loaded only when one of its commands runs. */
import type { Command, Group } from "./command.ts";

export interface Entry {
  readonly name: string;
  /** The heading in the help. */
  readonly section: string;
  readonly about: string;
  /** Null: the server's program has the command, and `src/main.js` starts that. */
  readonly load: (() => Promise<Command | Group>) | null;
}

const SIGN_IN = "Sign in";
const SEND = "Send and watch";
const DELIVERIES = "Deliveries";
const INBOUND = "Inbound webhooks";
const PEOPLE = "Questions to people";
const TOOLS = "Tools";
const SERVER = "On the server's machine";

export const ENTRIES: readonly Entry[] = [
  {
    name: "login",
    section: SIGN_IN,
    about: "sign in to a server, and keep the key in a profile",
    load: async () => (await import("./commands/session/login.ts")).login,
  },
  {
    name: "logout",
    section: SIGN_IN,
    about: "delete the key of a profile",
    load: async () => (await import("./commands/session/whoami.ts")).logout,
  },
  {
    name: "whoami",
    section: SIGN_IN,
    about: "show the server, the key, its role and its tenant",
    load: async () => (await import("./commands/session/whoami.ts")).whoami,
  },
  {
    name: "profile",
    section: SIGN_IN,
    about: "list your servers, choose one of them, or forget one",
    load: async () => (await import("./commands/session/profile.ts")).profile,
  },
  {
    name: "trigger",
    section: SEND,
    about: "publish an event",
    load: async () => (await import("./commands/delivery/trigger.ts")).trigger,
  },
  {
    name: "tail",
    section: SEND,
    about: "follow the outcomes of deliveries as they happen",
    load: async () => (await import("./commands/delivery/tail.ts")).tail,
  },
  {
    name: "listen",
    section: SEND,
    about: "receive deliveries on this machine, without an address",
    load: async () => (await import("./commands/listen/listen.ts")).listen,
  },
  {
    name: "resend",
    section: SEND,
    about: "send a request again that `listen --record` wrote",
    load: async () => (await import("./commands/listen/resend.ts")).resend,
  },
  {
    name: "events",
    section: DELIVERIES,
    about: "list, explain, retry, replay and cancel events",
    load: async () => (await import("./commands/delivery/events.ts")).events,
  },
  {
    name: "deliveries",
    section: DELIVERIES,
    about: "list, explain, retry, replay and cancel deliveries",
    load: async () => (await import("./commands/delivery/deliveries.ts")).deliveries,
  },
  {
    name: "endpoints",
    section: DELIVERIES,
    about: "create, change, pause, test and recover endpoints",
    load: async () => (await import("./commands/delivery/endpoints.ts")).endpoints,
  },
  {
    name: "jobs",
    section: DELIVERIES,
    about: "follow what the server does in the background",
    load: async () => (await import("./commands/history/jobs.ts")).jobs,
  },
  {
    name: "export",
    section: DELIVERIES,
    about: "write the delivery history to a file",
    load: async () => (await import("./commands/history/export.ts")).exportHistory,
  },
  {
    name: "sources",
    section: INBOUND,
    about: "receive webhooks of other services",
    load: async () => (await import("./commands/inbound/sources.ts")).sources,
  },
  {
    name: "quarantine",
    section: INBOUND,
    about: "look into refused requests, and publish them after all",
    load: async () => (await import("./commands/inbound/quarantine.ts")).quarantine,
  },
  {
    name: "pause",
    section: PEOPLE,
    about: "ask a person, and go on with the answer",
    load: async () => (await import("./commands/pause/pause.ts")).pause,
  },
  {
    name: "mcp",
    section: PEOPLE,
    about: "let an agent ask people, with the Model Context Protocol",
    load: async () => (await import("./commands/mcp/mcp.ts")).mcp,
  },
  {
    name: "status",
    section: TOOLS,
    about: "show whether the server is ready, and what waits",
    load: async () => (await import("./commands/tools/status.ts")).status,
  },
  {
    name: "open",
    section: TOOLS,
    about: "open the console, or the page of an id",
    load: async () => (await import("./commands/tools/open.ts")).open,
  },
  {
    name: "verify",
    section: TOOLS,
    about: "check the signature of a delivery, and say why it fails",
    load: async () => (await import("./commands/signing/verify.ts")).verify,
  },
  {
    name: "sign",
    section: TOOLS,
    about: "print the headers that sign a body, to test a receiver",
    load: async () => (await import("./commands/signing/sign.ts")).sign,
  },
  {
    name: "completion",
    section: TOOLS,
    about: "complete words, options and ids in your shell",
    load: async () => (await import("./commands/tools/completion.ts")).completion,
  },
  { name: "serve", section: SERVER, about: "start the server; `signalbox` alone does the same", load: null },
  { name: "admin", section: SERVER, about: "work on the data without a key: users, keys, backups", load: null },
];

/** First words of older versions that are an `admin` command now. */
export const MOVED_TO_ADMIN: readonly string[] = ["tenants", "users", "keys", "backup"];
