/** `signalbox open`: the console in a browser. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { command } from "../../command.ts";
import type { Context } from "../../context.ts";
import { usage } from "../../failure.ts";
import { flag, text } from "../../options.ts";
import type { Connection } from "../../settings/connection.ts";

export const open = command({
  name: "open",
  about: "open the console, or the page of an id, in your browser",
  operands: {
    id: text("ID", "an endpoint, event, delivery, pause, source, job or inbound request", { completes: "id" }),
  },
  options: { print: flag("only print the address") },
  examples: [
    ["signalbox open del_01…", "the page of a delivery"],
    ["signalbox open --print", "the address of the console"],
  ],
  async run(context, { id, print }) {
    const { connection, out, isInteractive } = context;
    const url = pageUrl(connection, id);
    await out.item({ url }, url, url);
    if (!print && isInteractive && !(await openInBrowser(url, context)))
      out.tell("There is no browser here. Open the address yourself.");
  },
});

/** The page of an id, or the console's first. */
export function pageUrl({ url, tenant }: Pick<Connection, "url" | "tenant">, id: string | undefined): string {
  const page = id === undefined ? "" : `go/${pathId(id)}`;
  return `${url}/console/${page}${tenant === null ? "" : `?tenant=${encodeURIComponent(tenant)}`}`;
}

function pathId(id: string): string {
  if (/^[a-z]+_[0-9a-f-]{36}$/.test(id)) return id;
  throw usage(`ID must be an id such as ep_…, evt_… or del_…, not ${JSON.stringify(id)}`);
}

/** Whether a browser was asked. The URL is one argument, and no shell reads it. */
export async function openInBrowser(
  url: string,
  { platform, env }: Pick<Context, "platform" | "env">,
): Promise<boolean> {
  const [file, ...args] = openerOf(platform);
  if (platform === "linux" && !env.DISPLAY && !env.WAYLAND_DISPLAY && !env.WSL_DISTRO_NAME) return false;
  const child = spawn(file, [...args, url], { stdio: "ignore", detached: true });
  try {
    await once(child, "spawn");
  } catch {
    return false;
  }
  child.unref();
  return true;
}

function openerOf(platform: NodeJS.Platform): readonly [string, ...string[]] {
  if (platform === "darwin") return ["open"];
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  return ["xdg-open"];
}
