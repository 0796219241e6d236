/** Copies the request of an attempt as a command: as it was sent, or signed now, so that a receiver accepts it. */
import { Button, Menu, VisuallyHidden } from "@mantine/core";
import type { AttemptDetails } from "@signalbox/sdk";
import { useMutation } from "@tanstack/react-query";
import { copy } from "../../messages/en/app.ts";
import { delivery as m } from "../../messages/en/delivery.ts";
import { useApi } from "../../session/api.ts";
import { MayAct } from "../../session/may-act.tsx";
import { copyText } from "../actions/copy.ts";
import { Problem } from "../feedback/problem.tsx";
import { DownIcon } from "../icons.tsx";
import { requestCurl } from "./request-curl.ts";

export function CopyCurl({ details }: { readonly details: AttemptDetails }) {
  const api = useApi();
  const run = useMutation({
    async mutationFn(signed: "then" | "now") {
      const { delivery_id: id, attempt_number: number } = details;
      const found = signed === "then" ? details : await api.deliveries.getAttempt(id, number, { signed });
      return (await copyText(requestCurl(found))) ? copy.copied : copy.failed;
    },
  });
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button size="xs" variant="default" loading={run.isPending} rightSection={<DownIcon size={12} />}>
            {run.data ?? m.copyCurl}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <MayAct>
            <Menu.Item onClick={() => run.mutate("now")}>{m.curlNow}</Menu.Item>
          </MayAct>
          <Menu.Item onClick={() => run.mutate("then")}>{m.curlThen}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <VisuallyHidden role="status">{run.data}</VisuallyHidden>
      {run.error !== null && <Problem error={run.error} />}
    </>
  );
}
