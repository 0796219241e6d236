/** How the question ended: what was chosen, by whom, and when. */
import { Text } from "@mantine/core";
import type { Pause } from "@signalbox/sdk";
import { useEffect, useRef } from "react";
import { pause as m } from "../../messages/en/pauses.ts";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { Time } from "../../parts/time/time.tsx";
import classes from "./pause-page.module.css";

export function Result({ pause }: { readonly pause: Pause }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // The button that a person answered with has gone, and the focus with it.
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus();
  }, []);
  return (
    <Section title={m.result} headingRef={heading}>
      <div role="status">
        {pause.response_choice !== null && (
          <p className={classes.choice}>
            <Foreign text={pause.response_choice} />
          </p>
        )}
        <Text>{endingText(pause)}</Text>
        {pause.response_at !== null && (
          <Text size="sm" c="dimmed">
            <Time at={pause.response_at} absolute focusable />
          </Text>
        )}
      </div>
      {pause.response_text !== null && (
        <blockquote className={classes.note}>
          <Foreign text={pause.response_text} />
        </blockquote>
      )}
      <Text size="sm" c="dimmed" mt="sm">
        {m.options} <Foreign text={pause.options.map((option) => `“${option}”`).join(", ")} />
      </Text>
    </Section>
  );
}

function endingText({ status, response_choice, decided_by_user: user }: Pause) {
  switch (status) {
    case "responded":
      return user === null ? m.byLink : <Foreign text={m.byUser(user.email)} />;
    case "timed_out":
      return response_choice === null ? m.noChoice : m.byDefault;
    default:
      return m.cancelled;
  }
}
