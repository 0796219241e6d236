/** Every limit of the product, by what it limits. */
export * from "./limits/access.ts";
export * from "./limits/attempts.ts";
export * from "./limits/delivery.ts";
export * from "./limits/endpoints.ts";
export * from "./limits/entries.ts";
export * from "./limits/inbound.ts";
export * from "./limits/listeners.ts";
export * from "./limits/mcp.ts";
export * from "./limits/pauses.ts";
export * from "./limits/requests.ts";
export * from "./limits/slack.ts";
export * from "./limits/store.ts";
