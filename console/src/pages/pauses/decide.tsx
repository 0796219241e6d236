/**
 * The answer of the person who is signed in: one large button for each option, a note, and a confirmation. The buttons of a
 * message add `?choice=…`, which only marks an option.
 */

import { PAUSE_TEXT_CHARS_MAX } from "@domain/limits/pauses.ts";
import { Alert, Button, Text, Textarea } from "@mantine/core";
import type { Pause, SignalboxError } from "@signalbox/sdk";
import { useSearch } from "@tanstack/react-router";
import { useId, useState } from "react";
import { keys } from "../../messages/en/app.ts";
import { pause as m } from "../../messages/en/pauses.ts";
import { useShortcuts } from "../../parts/keys/shortcuts.ts";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { visible } from "../../parts/text/visible.ts";
import { useMay, useMe } from "../../session/me.ts";
import { DecideDialog } from "./decide-dialog.tsx";
import classes from "./pause-page.module.css";

interface DecideProps {
  readonly pause: Pause;
  readonly onChanged: () => void;
  readonly onTooLate: (error: SignalboxError) => void;
}

export function Decide({ pause, ...callbacks }: DecideProps) {
  const me = useMe();
  const escalated = pause.escalated_at === null ? [] : (pause.escalate_to?.approvers ?? []);
  const mayDecide = pause.approvers === null || [...pause.approvers, ...escalated].includes(me.id);
  const vote = pause.votes?.find(({ user }) => user.id === me.id);
  if (!useMay("developer")) return <Unanswered pause={pause} />;
  return (
    <Section title={m.decide}>
      {vote !== undefined ? (
        <Alert color="gray" variant="light" role="status">
          <Foreign text={m.yourVote(vote.choice)} />
        </Alert>
      ) : mayDecide ? (
        <Answer pause={pause} {...callbacks} email={me.email ?? ""} />
      ) : (
        <Alert color="gray" variant="light">
          {m.onlyApprovers((pause.approver_emails ?? []).join(", "))}
        </Alert>
      )}
    </Section>
  );
}

/** For a viewer. */
function Unanswered({ pause: { options } }: Pick<DecideProps, "pause">) {
  return (
    <Section title={m.result}>
      <Text>{m.unanswered}</Text>
      <Text size="sm" c="dimmed" mt="sm">
        {m.optionsAre} <Foreign text={options.map((option) => `“${option}”`).join(", ")} />
      </Text>
    </Section>
  );
}

function Answer({ pause, email, ...callbacks }: DecideProps & { readonly email: string }) {
  const [note, setNote] = useState("");
  const [choice, setChoice] = useState<string | null>(null);
  const { choice: asked } = useSearch({ strict: false }) as { choice?: unknown };
  const picked = pause.options.find((option) => option === asked);
  useShortcuts(
    keys.thisPage,
    pause.options.map((option, index) => ({
      keys: String(index + 1),
      label: m.keys.answer(index + 1),
      run: () => setChoice(option),
    })),
  );
  const pickedId = useId();
  const isRestricted = pause.protected || pause.approvers !== null;
  return (
    <>
      {pause.allow_text_response && (
        <Textarea
          label={m.note}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          maxLength={PAUSE_TEXT_CHARS_MAX}
          autosize
          minRows={2}
          maxRows={8}
          mb="md"
          description={m.noteHint(PAUSE_TEXT_CHARS_MAX - note.length)}
        />
      )}
      {picked !== undefined && (
        <Text mb="sm" id={pickedId}>
          {m.picked(visible(picked))}
        </Text>
      )}
      <div className={classes.options}>
        {pause.options.map((option) => (
          <Button
            key={option}
            size="md"
            classNames={{ root: classes.option, label: classes.optionLabel }}
            onClick={() => setChoice(option)}
            variant={picked === undefined || option === picked ? "filled" : "default"}
            aria-describedby={option === picked ? pickedId : undefined}
          >
            <Foreign text={option} />
          </Button>
        ))}
      </div>
      <Text size="sm" c="dimmed" mt="sm">
        {m.decideAs(email)} {pause.protected && m.protected} {isRestricted ? m.linkOnlyShows : m.linkDecides}
      </Text>
      {choice !== null && (
        <DecideDialog pause={pause} choice={choice} note={note.trim()} onClose={() => setChoice(null)} {...callbacks} />
      )}
    </>
  );
}
