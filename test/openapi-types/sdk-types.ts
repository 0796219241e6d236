/** Code that compiles only if the SDK's types are those of `/openapi.json`, from which `api.d.ts` is generated. */

/** The types of responses: of an operation, or of a field of its response, and of a method. */
const RESPONSES = {
  createEndpoint: "endpoints.create",
  getEndpoint: "endpoints.get",
  updateEndpoint: "endpoints.update",
  countEndpoints: "endpoints.count",
  rotateEndpointSecret: "endpoints.rotateSecret",
  testEndpoint: "endpoints.test",
  recoverEndpoint: "endpoints.recover",
  publishEvent: "events.publish",
  "publishEvents.results": "events.publishBatch",
  getEvent: "events.get",
  listEventTypes: "events.listTypes",
  "explainEvent.facts": "events.explain",
  explainSupposition: "events.suppose",
  listDeliveries: "deliveries.list",
  getDelivery: "deliveries.get",
  getAttempt: "deliveries.getAttempt",
  cancelDelivery: "deliveries.cancel",
  retryDelivery: "deliveries.retry",
  getExport: "deliveries.getExport",
  replayDeliveries: "replays.create",
  getDeliveryVolume: "analytics.deliveryVolume",
  getSuccessRate: "analytics.successRate",
  getLatencyDistribution: "analytics.latencyDistribution",
  getEndpointHealth: "analytics.endpointHealth",
  getEndpointAttempts: "analytics.endpointAttempts",
  getAttemptStatistics: "analytics.attempts",
  getInboundStatistics: "analytics.inbound",
  getPauseStatistics: "analytics.pauses",
  getBacklog: "analytics.backlog",
  getJob: "jobs.get",
  listJobs: "jobs.list",
  createKey: "keys.create",
  rotateKey: "keys.rotate",
  createTenant: "tenants.create",
  getTenant: "tenants.get",
  createUser: "users.create",
  updateUser: "users.update",
  resetPassword: "users.resetPassword",
  createSource: "sources.create",
  getSource: "sources.get",
  rotateSourceSecret: "sources.rotateSecret",
  trySource: "sources.try",
  reprocessSource: "sources.reprocess",
  listSourceEvents: "sources.listEvents",
  getSourceEvent: "sources.getEvent",
  updateSourceEvent: "inboundEvents.note",
  reprocessSourceEvent: "inboundEvents.reprocess",
  listInboundEvents: "inboundEvents.list",
  countRefused: "inboundEvents.refused",
  getInboundEvent: "inboundEvents.get",
  listPauseStatusRecords: "pauseStatus.list",
  getPauseStatusRecord: "pauseStatus.get",
  getStatus: "status.get",
  "listNodes.nodes": "status.nodes",
  testChannel: "status.testChannel",
  createWebhook: "webhooks.create",
  "getMe.data": "session.me",
  "signIn.data": "session.signIn",
  "listSessions.data": "session.list",
  openDevice: "terminals.open",
  pollDevice: "terminals.poll",
  findTerminal: "terminals.find",
  approveTerminal: "terminals.approve",
  createPause: "pause",
  getPause: "getPause",
  listPauses: "listPauses",
  countPauses: "countPauses",
  readQuestion: "readPauseLink",
  getListener: "listeners.get",
  updateSource: "sources.update",
  cancelJob: "jobs.cancel",
  updateTenant: "tenants.update",
  extendPause: "extendPause",
  resendPause: "resendPause",
  "revealPauseLink.respond_url": "revealPauseLink",
  answerQuestion: "answerPauseLink",
  "explainDelivery.facts": "deliveries.explain",
  "listWebhooks.webhooks": "webhooks.list",
  denyTerminal: "terminals.deny",
};

/** The types of bodies: by schema, the method and the position of the argument. */
const BODIES = {
  EndpointInput: "endpoints.create.0",
  EndpointPatch: "endpoints.update.1",
  RotateSecretInput: "endpoints.rotateSecret.1",
  SuppositionInput: "events.suppose.0",
  ReplayInput: "replays.create.0",
  KeyInput: "keys.create.0",
  TenantInput: "tenants.create.0",
  TenantChanges: "tenants.update.1",
  UserInput: "users.create.0",
  UserChanges: "users.update.1",
  SourceInput: "sources.create.0",
  SourcePatch: "sources.update.1",
  RotateSourceSecretInput: "sources.rotateSecret.1",
  SourceTrial: "sources.try.1",
  UserDecisionInput: "decidePause.1",
  ExtensionInput: "extendPause.1",
  DecisionInput: "answerPauseLink.1",
  PauseWebhookInput: "webhooks.create.0",
  ChannelTestInput: "status.testChannel.1",
  DeviceInput: "terminals.open.0",
  TerminalApproval: "terminals.approve.0",
  LoginInput: "session.signIn.0",
  ListenerInput: "listeners.put.0",
};

/** The types of rows in lists that a method returns one by one, and others whose method has more than one response. */
const SCHEMAS = {
  Endpoint: "Endpoint",
  Key: "Key",
  Tenant: "Tenant",
  User: "User",
  BulkCount: "BulkCount",
  BulkStarted: "BulkStarted",
  ReprocessedPauseStatus: "ReprocessedPauseStatus",
  PauseStatusRecordDetail: "PauseStatusRecordDetails",
  PauseWebhook: "PauseWebhook",
  Source: "Source",
  FieldFault: "FieldFault",
  Timings: "Timings",
};

/** What follows compares two types in both directions, and again with every field required: else an optional one that only one side has would pass. */
const COMPARISON = `
import type { components, operations } from "./api.d.ts";
import type * as Sdk from "../../../packages/sdk/src/index.ts";

type Schemas = components["schemas"];
type Client = Sdk.Signalbox;
type Full<T> = T extends readonly (infer Item)[] ? Full<Item>[] : T extends object ? { [Key in keyof T]-?: Full<T[Key]> } : T;
type Both<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Same<A, B> = [Both<A, B>, Both<Full<A>, Full<B>>] extends [true, true] ? true : { schema: A; sdk: B };
type Json<Response> = Response extends { content: { readonly "application/json": infer Body } } ? Body : never;
type Responses<Id extends keyof operations> = operations[Id]["responses"];
type Body<Id extends keyof operations> = { [Status in keyof Responses<Id> & (200 | 201 | 202)]: Json<Responses<Id>[Status]> }[keyof Responses<Id> & (200 | 201 | 202)];
type Result<Method> = Method extends (...given: never[]) => Promise<infer Value> ? Value : never;
type Input<Method, At extends number> = Method extends (...given: infer Given) => unknown ? NonNullable<Given[At]> : never;
function same<A, B>(_: Same<A, B>): void {}
`;

const fieldsOf = (path: string): string =>
  path
    .split(".")
    .map((name) => `["${name}"]`)
    .join("");

export function comparisonText(): string {
  const responses = Object.entries(RESPONSES).map(([path, method]) => {
    const [operation, field] = path.split(".");
    return `Body<"${operation}">${field === undefined ? "" : fieldsOf(field)}, Result<Client${fieldsOf(method)}>`;
  });
  const bodies = Object.entries(BODIES).map(([schema, argument]) => {
    const [, method = "", at] = /^(.*)\.(\d)$/.exec(argument) ?? [];
    return `Schemas["${schema}"], Input<Client${fieldsOf(method)}, ${at}>`;
  });
  const schemas = Object.entries(SCHEMAS).map(([schema, name]) => `Schemas["${schema}"], Sdk.${name}`);
  return COMPARISON + [...responses, ...bodies, ...schemas].map((pair) => `same<${pair}>(true);\n`).join("");
}
