/** Downloads the request of an attempt as a file for tests of a receiver. `docs/console.md` describes its form. */
import { Button } from "@mantine/core";
import type { AttemptDetails } from "@signalbox/sdk";
import { delivery as m } from "../../messages/en/delivery.ts";
import { downloadJson } from "../actions/download.ts";

export function DownloadFixture({ details }: { readonly details: AttemptDetails }) {
  return (
    <Button size="xs" variant="default" aria-label={m.fixtureFor(details.attempt_number)} onClick={() => save(details)}>
      {m.fixture}
    </Button>
  );
}

function save(details: AttemptDetails): void {
  downloadJson(`${details.delivery_id}-${details.attempt_number}.json`, fixtureText(details));
}

/** The body is text: parsed and serialized again, it would have another signature. */
function fixtureText({ url, request, delivery_id, attempt_number, started_at }: AttemptDetails): string {
  const { method, headers, body } = request;
  const pairs = headers.map(({ name, value }) => [name, value]);
  return `${JSON.stringify({ delivery_id, attempt_number, started_at, method, url, headers: pairs, body }, null, 2)}\n`;
}
