/** What was asked, by when, and the caller's own data. */
import { APPROVE } from "@domain/pauses/act.ts";
import { Alert, Text, Title } from "@mantine/core";
import type { PauseDetail } from "@signalbox/sdk";
import { Fragment } from "react";
import { pause as m, pauses } from "../../messages/en/pauses.ts";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { Payload } from "../../parts/text/payload.tsx";
import { Time } from "../../parts/time/time.tsx";
import type { ExactPause } from "./exact-pause.ts";
import classes from "./pause-page.module.css";
import { Remaining } from "./remaining.tsx";

export function Question({ pause }: { readonly pause: ExactPause }) {
  const { agent, act, message, details, timeout_default: byDefault, metadataText, status } = pause;
  return (
    <Section title={m.message}>
      {agent !== null && act !== null && (
        <Alert color="blue" variant="light" mb="md" role="note" title={<Foreign text={m.serverAsks(agent.name)} />}>
          {m.serverActs}
        </Alert>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <p className={classes.message} tabIndex={0}>
        <Foreign text={message} />
      </p>
      {details !== null && <Details details={details} />}
      <dl className={classes.facts}>
        {agent !== null && act === null && (
          <>
            <dt>{m.askedBy}</dt>
            <dd>
              <Foreign text={m.agentKey(agent.name)} />
            </dd>
          </>
        )}
        <dt>{pauses.asked}</dt>
        <dd>
          <Time at={pause.created_at} focusable />
        </dd>
        <dt>{m.deadline}</dt>
        <dd>
          <Time at={pause.expires_at} absolute focusable />{" "}
          {status === "pending" && (
            <>
              · {m.left} <Remaining pause={pause} />
            </>
          )}
        </dd>
        {act !== null && status === "responded" && pause.response_choice === APPROVE && (
          <>
            <dt>{m.carriedOut}</dt>
            <dd>{act.begun_at === null ? m.notCarriedOut : <Time at={act.begun_at} focusable />}</dd>
          </>
        )}
        <dt>{pause.quorum === null ? m.otherwise : m.undecided}</dt>
        <dd>{byDefault === null ? pauses.noDefault : <Foreign text={m.isChosen(byDefault)} />}</dd>
      </dl>
      <Title order={3} mt="md" mb="xs">
        {m.metadata}
      </Title>
      {metadataText === null ? (
        <Text c="dimmed" size="sm">
          {m.noMetadata}
        </Text>
      ) : (
        <Payload text={metadataText} label={m.metadata} />
      )}
    </Section>
  );
}

function Details({ details }: { readonly details: readonly PauseDetail[] }) {
  return (
    <dl className={`${classes.facts} ${classes.details}`}>
      {details.map(({ label, value }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes, and labels may repeat
        <Fragment key={index}>
          <dt>
            <Foreign text={label} />
          </dt>
          <dd>
            <Foreign text={value} />
          </dd>
        </Fragment>
      ))}
    </dl>
  );
}
