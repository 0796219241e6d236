/** `signalbox status`: whether the server works, and what waits. */
import { SignalboxError } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import { EXIT } from "../../failure.ts";
import { counted } from "../../output/text.ts";
import { shortTime } from "../../output/time.ts";

export const status = command({
  name: "status",
  about: "show whether the server is ready, its endpoints and what waits",
  details: "The exit code is 9 when the server is not ready. With the role org_admin, it also shows the version.",
  examples: [["signalbox status --json", "the same for a program"]],
  async run({ client, connection, out, signal }) {
    const { ready, reason } = await client.status.checkReadiness({ signal });
    const [endpoints, backlog, server] = await Promise.all([
      client.endpoints.count({ signal }),
      client.analytics.backlog({ signal }),
      client.status.get({ signal }).catch(nullIfForbidden),
    ]);
    const { samples: _, ...waiting } = backlog;
    const result = {
      url: connection.url,
      ready,
      reason,
      version: server?.version ?? null,
      endpoints,
      backlog: waiting,
    };
    const states = Object.entries(endpoints.states).filter(([, count]) => count > 0);
    await out.one(result, {
      id: () => (ready ? "ready" : "not_ready"),
      fields: () => [
        ["server", connection.url],
        ["ready", ready ? { text: "yes", color: "green" } : { text: `no: ${reason ?? "?"}`, color: "red" }],
        ["version", server?.version],
        ["endpoints", counted(endpoints.total, "endpoint")],
        ...states.map(([state, count]) => [`  ${state}`, count] as const),
        ["in progress", backlog.in_progress],
        ["due", backlog.waiting],
        ["scheduled", backlog.scheduled],
        ["held", backlog.held],
        ["oldest waiting", shortTime(backlog.oldest_at)],
      ],
    });
    return ready ? EXIT.done : EXIT.unreachable;
  },
});

function nullIfForbidden(error: unknown): null {
  if (error instanceof SignalboxError && error.status === 403) return null;
  throw error;
}
