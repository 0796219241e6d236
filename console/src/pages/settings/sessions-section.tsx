/** The person's own sessions: where each signed in, and ending them. */
import { Button, Text } from "@mantine/core";
import type { OwnSession } from "@signalbox/sdk";
import { useMutation, useQuery } from "@tanstack/react-query";
import { sessions as m } from "../../messages/en/settings.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { Time } from "../../parts/time/time.tsx";
import { apiFor } from "../../session/api.ts";
import { useReadAgain } from "../../session/read-again.ts";
import { browserOf } from "./browser-of.ts";
import classes from "./settings.module.css";

const QUERY_KEY = ["session"];

export function SessionsSection() {
  const { session } = apiFor(undefined);
  const readAgain = useReadAgain("session");
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: QUERY_KEY,
    queryFn: ({ signal }) => session.list({ signal }),
  });
  const end = useMutation({
    mutationFn: (id: string | undefined) => (id === undefined ? session.endOthers() : session.end(id)),
    onSettled: readAgain,
  });
  const others = data?.filter(({ current }) => !current).length ?? 0;
  return (
    <Section
      title={m.title}
      actions={
        others > 0 && (
          <Button variant="default" loading={end.isPending} onClick={() => end.mutate(undefined)}>
            {m.endOthers}
          </Button>
        )
      }
    >
      {error !== null && <Problem error={error} onRetry={() => void refetch()} isRetrying={isFetching} />}
      {end.error !== null && <Problem error={end.error} />}
      {data === undefined && error === null && <LaterSkeleton rows={2} height={56} />}
      <ul className={classes.sessions} aria-label={m.title}>
        {inOrder(data ?? []).map((one) => (
          <SessionItem key={one.id} session={one} isEnding={end.isPending} onEnd={() => end.mutate(one.id)} />
        ))}
      </ul>
    </Section>
  );
}

/** The present one, then the newest. */
function inOrder(all: readonly OwnSession[]): readonly OwnSession[] {
  return [...all.filter(({ current }) => current), ...all.filter(({ current }) => !current).toReversed()];
}

interface ItemProps {
  readonly session: OwnSession;
  readonly isEnding: boolean;
  readonly onEnd: () => void;
}

function SessionItem({ session, isEnding, onEnd }: ItemProps) {
  const { userAgent, address, current, createdAt, lastSeenAt } = session;
  const browser = browserOf(userAgent) ?? m.unknownBrowser;
  return (
    <li>
      <div>
        <Text span fw={500} title={userAgent ?? undefined}>
          <Foreign text={browser} charsMax={100} />
        </Text>{" "}
        {current && <StateBadge tone="ok" word={m.current} />}
        <Text size="sm" c="dimmed" component="div">
          {address !== null && (
            <>
              <Foreign text={address} />
              {" · "}
            </>
          )}
          {m.seen} <Time at={lastSeenAt} focusable /> · {m.signedIn} <Time at={createdAt} focusable />
        </Text>
      </div>
      {!current && (
        <Button variant="default" size="xs" disabled={isEnding} onClick={onEnd} aria-label={m.endOf(browser, address)}>
          {m.end}
        </Button>
      )}
    </li>
  );
}
