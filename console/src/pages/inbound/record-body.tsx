/** The received bytes, as text and never as markup. */
import { Text } from "@mantine/core";
import type { InboundEventDetails } from "@signalbox/sdk";
import { record as m } from "../../messages/en/inbound.ts";
import { Section } from "../../parts/page/page.tsx";
import { Payload } from "../../parts/text/payload.tsx";

export function RecordBody({ body }: { readonly body: InboundEventDetails["body"] }) {
  const { encoding, content, bytes, truncated } = body;
  return (
    <Section title={m.body}>
      {truncated && <Text size="sm">{m.truncated(bytes)}</Text>}
      {encoding === "base64" && content !== "" && <Text size="sm">{m.base64}</Text>}
      <Payload text={content} label={m.content} />
    </Section>
  );
}
