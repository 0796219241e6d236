/** How far a question is that several people decide: the votes of each option, and who gave them. */
import { Alert, Text } from "@mantine/core";
import type { Pause } from "@signalbox/sdk";
import { pause as m } from "../../messages/en/pauses.ts";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { Time } from "../../parts/time/time.tsx";
import classes from "./pause-page.module.css";

export function Votes({ pause }: { readonly pause: Pause }) {
  const { quorum, votes, options, veto, quorum_reachable: isReachable } = pause;
  if (quorum === null || votes === null) return <Escalation pause={pause} />;
  const countOf = (option: string) => votes.filter(({ choice }) => choice === option).length;
  return (
    <>
      <Section title={m.votes}>
        <Text size="sm" c="dimmed" mb="sm">
          {m.needed(quorum)}
        </Text>
        {isReachable === false && (
          <Alert color="yellow" variant="light" mb="sm" role="status">
            {m.outOfReach}
          </Alert>
        )}
        <dl className={classes.facts}>
          {options.map((option) => (
            <div key={option} className={classes.tally}>
              <dt>
                <Foreign text={option} />
              </dt>
              <dd>
                {m.tally(countOf(option), quorum)}
                {option === veto && ` · ${m.vetoed}`}
              </dd>
            </div>
          ))}
        </dl>
        <People pause={pause} />
      </Section>
      <Escalation pause={pause} />
    </>
  );
}

/** Those who voted, in their order, and those who have not. */
function People({ pause }: { readonly pause: Pause }) {
  const { votes, approver_emails: emails, approvers, status } = pause;
  const voted = new Set(votes?.map(({ user }) => user.id));
  const others = (approvers ?? []).flatMap((id, index) => (voted.has(id) ? [] : [emails?.[index] ?? ""]));
  return (
    <ul className={classes.trail} aria-label={m.votes}>
      {votes?.map(({ user, choice, text, at }) => (
        <li key={user.id}>
          <span>
            <Foreign text={user.email} /> <Foreign text={m.voted(choice)} />
          </span>
          <Time at={at} focusable />
          {text !== null && (
            <small>
              <Foreign text={text} charsMax={200} />
            </small>
          )}
        </li>
      ))}
      {status === "pending" &&
        others.map((email) => (
          <li key={email}>
            <span>
              <Foreign text={email} /> {m.notVoted}
            </span>
          </li>
        ))}
    </ul>
  );
}

function Escalation({ pause }: { readonly pause: Pause }) {
  const { escalate_to: escalation, escalated_at: at, created_at, expires_at, status } = pause;
  if (escalation === null || (at === null && status !== "pending")) return null;
  const createdMs = Date.parse(created_at);
  const dueMs = createdMs + (Date.parse(expires_at) - createdMs) * escalation.share;
  return (
    <Section title={m.escalation}>
      <Text>
        <Foreign text={escalation.approver_emails.join(", ")} />
      </Text>
      <Text size="sm" c="dimmed">
        {at === null ? m.escalatesAt : m.escalatedAt}{" "}
        <Time at={at ?? new Date(dueMs).toISOString()} absolute focusable />
      </Text>
    </Section>
  );
}
