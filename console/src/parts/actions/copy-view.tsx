/** Each view is a link and a curl, and some are a command: what the console shows, a program can ask for. */
import { Button, Menu } from "@mantine/core";
import { useState } from "react";
import { keys, copy as m } from "../../messages/en/app.ts";
import { useTenant } from "../../session/api.ts";
import { CopyIcon, DownIcon } from "../icons.tsx";
import { useShortcuts } from "../keys/shortcuts.ts";
import { copyText } from "./copy.ts";

/** A request to the API, as the console made it. */
export interface ApiRequest {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** Such as `/v1/deliveries`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | number | undefined>>;
  readonly body?: unknown;
}

interface CopyViewProps {
  readonly request: ApiRequest;
  /** Of the command line, if it has one that shows the same: such as `signalbox admin keys list`. */
  readonly command?: string | undefined;
}

export function CopyView({ request, command }: CopyViewProps) {
  const tenant = useTenant();
  const [said, setSaid] = useState<string | null>(null);
  const curl = () => curlOf(tenant === undefined ? request : { ...request, query: { ...request.query, tenant } });
  const copy = async (text: string): Promise<void> => setSaid((await copyText(text)) ? m.copied : m.failed);
  useShortcuts(keys.thisPage, [{ keys: "Y", label: keys.copyCurl, run: () => void copy(curl()) }]);
  return (
    <Menu position="bottom-end" onOpen={() => setSaid(null)}>
      <Menu.Target>
        <Button variant="default" leftSection={<CopyIcon />} rightSection={<DownIcon size={12} />}>
          <span role="status">{said ?? m.menu}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void copy(location.href)}>{m.link}</Menu.Item>
        <Menu.Item onClick={() => void copy(curl())}>{m.curl}</Menu.Item>
        {command !== undefined && <Menu.Item onClick={() => void copy(command)}>{m.command}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The key stays in the caller's environment. */
export function curlOf({ method = "GET", path, query = {}, body }: ApiRequest): string {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== undefined) url.searchParams.append(name, String(one));
  }
  const parts = ["curl", ...(method === "GET" ? [] : ["-X", method]), quoted(url.href)];
  parts.push("-H", '"Authorization: Bearer $SIGNALBOX_API_KEY"');
  if (body !== undefined) parts.push("-H", "'Content-Type: application/json'", "-d", quoted(JSON.stringify(body)));
  return parts.join(" ");
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
