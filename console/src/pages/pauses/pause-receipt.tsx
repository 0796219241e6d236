/** The signed receipt of a decision, which a person gives to the program that acts on it. */
import { Button, Group, Text } from "@mantine/core";
import type { Receipt } from "@signalbox/sdk";
import { pause as m } from "../../messages/en/pauses.ts";
import { CopyButton } from "../../parts/actions/copy-button.tsx";
import { downloadJson } from "../../parts/actions/download.ts";
import { Section } from "../../parts/page/page.tsx";
import { Time } from "../../parts/time/time.tsx";
import classes from "./pause-page.module.css";

export function PauseReceipt({ receipt }: { readonly receipt: Receipt }) {
  const text = JSON.stringify(receipt, null, 2);
  return (
    <Section
      title={m.receipt}
      actions={
        <Group gap="xs">
          <CopyButton text={text} label={m.copyReceipt} />
          <Button
            size="xs"
            variant="default"
            onClick={() => downloadJson(`${receipt.pause_id}-receipt.json`, `${text}\n`)}
          >
            {m.downloadReceipt}
          </Button>
        </Group>
      }
    >
      <Text size="sm" c="dimmed" mb="sm">
        {m.receiptHint}
      </Text>
      <dl className={classes.facts}>
        <dt>{m.signedAt}</dt>
        <dd>
          <Time at={receipt.decided_at} absolute focusable />
        </dd>
        <dt>{m.signedWith}</dt>
        <dd>{receipt.key_id}</dd>
      </dl>
    </Section>
  );
}
