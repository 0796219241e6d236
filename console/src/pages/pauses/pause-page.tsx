/** `/console/pauses/{id}`: one question, its answer here, who was told, and what happened. */
import { Alert, Button, Text } from "@mantine/core";
import type { Pause, SignalboxError } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "../../messages/en/app.ts";
import { pause as m, pauses } from "../../messages/en/pauses.ts";
import { CopyButton } from "../../parts/actions/copy-button.tsx";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Missing } from "../../parts/feedback/missing.tsx";
import { isMissing, Problem } from "../../parts/feedback/problem.tsx";
import { ProblemText } from "../../parts/feedback/problem-text.tsx";
import { useShortcuts } from "../../parts/keys/shortcuts.ts";
import { useRecordKeys } from "../../parts/list/record-keys.ts";
import { Go, usePathParam } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { StateBadge, type Tone } from "../../parts/text/state-badge.tsx";
import { visible } from "../../parts/text/visible.ts";
import { useTenant } from "../../session/api.ts";
import { MayAct } from "../../session/may-act.tsx";
import { useMay } from "../../session/me.ts";
import { CancelDialog } from "./cancel-dialog.tsx";
import { Decide } from "./decide.tsx";
import { type ExactPause, readPause } from "./exact-pause.ts";
import { ExtendDialog } from "./extend-dialog.tsx";
import { PauseEvent } from "./pause-event.tsx";
import classes from "./pause-page.module.css";
import { PauseReceipt } from "./pause-receipt.tsx";
import { Person } from "./person.tsx";
import { Question } from "./question.tsx";
import { Result } from "./result.tsx";
import { Trail } from "./trail.tsx";
import { Votes } from "./votes.tsx";

const TONES: Readonly<Record<Pause["status"], Tone>> = {
  pending: "busy",
  responded: "ok",
  timed_out: "warn",
  cancelled: "idle",
};

/** How often an open question is read again, in case the stream is gone: somebody else may answer it. */
const OPEN_REFETCH_MS = 5_000;
const TAB_CHARS_MAX = 60;

export default function PausePage() {
  const id = usePathParam("id");
  useRecordKeys(id);
  const tenant = useTenant();
  const query = useQuery({
    queryKey: ["pause", "one", tenant, id],
    queryFn: ({ signal }) => readPause(tenant, id, signal),
    refetchInterval: ({ state }) => (state.data?.status === "pending" ? OPEN_REFETCH_MS : false),
  });
  const { data: pause, error } = query;
  if (isMissing(error)) {
    return <Missing what={m.what} id={id} to="/pauses" list={pauses.title} wasThere={pause !== undefined} />;
  }
  if (pause === undefined) return <Loading error={error} onRetry={() => void query.refetch()} />;
  return (
    <>
      {error !== null && <Problem error={error} onRetry={() => void query.refetch()} />}
      <Shown pause={pause} onChanged={() => void query.refetch()} />
    </>
  );
}

function Loading({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  return (
    <Page title={m.title} lead={<Go to="/pauses">{m.back}</Go>}>
      {error === null ? <LaterSkeleton rows={6} /> : <Problem error={error} onRetry={onRetry} />}
    </Page>
  );
}

function Shown({ pause, onChanged }: { readonly pause: ExactPause; readonly onChanged: () => void }) {
  const isOpen = pause.status === "pending";
  const isAdmin = useMay("org_admin");
  const [tooLate, setTooLate] = useState<SignalboxError | null>(null);
  return (
    <Page
      title={m.title}
      tabTitle={m.tabTitle(pauses.states[pause.status], visible(pause.message).slice(0, TAB_CHARS_MAX))}
      aside={<StateBadge tone={TONES[pause.status]} word={pauses.states[pause.status]} />}
      lead={<Go to="/pauses">{m.back}</Go>}
      actions={
        <>
          <CopyButton text={pause.pause_id} label={m.id} />
          <CopyView request={{ path: `/v1/pause/${pause.pause_id}` }} />
          {isOpen && isAdmin && <Extend pause={pause} onChanged={onChanged} />}
          <MayAct>{isOpen && <Cancel pause={pause} onChanged={onChanged} />}</MayAct>
        </>
      }
    >
      <div className={classes.columns}>
        <div>
          <Question pause={pause} />
          {tooLate !== null && (
            <Alert color="red" variant="light" role="alert" mb="md">
              <Text fw={600}>{m.faster}</Text>
              <ProblemText error={tooLate} />
            </Alert>
          )}
          <Votes pause={pause} />
          {isOpen ? <Decide pause={pause} onChanged={onChanged} onTooLate={setTooLate} /> : <Result pause={pause} />}
          {pause.receipt !== null && <PauseReceipt receipt={pause.receipt} />}
          {!isOpen && <PauseEvent pause={pause} />}
        </div>
        <div>
          <Person pause={pause} onChanged={onChanged} />
          <Trail pause={pause} isAllowed={isAdmin} />
        </div>
      </div>
    </Page>
  );
}

function Extend({ pause, onChanged }: { readonly pause: Pause; readonly onChanged: () => void }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {m.extend}
      </Button>
      {isOpen && <ExtendDialog pause={pause} onClose={() => setOpen(false)} onChanged={onChanged} />}
    </>
  );
}

function Cancel({ pause, onChanged }: { readonly pause: Pause; readonly onChanged: () => void }) {
  const [isOpen, setOpen] = useState(false);
  useShortcuts(keys.thisPage, [{ keys: "c", label: m.cancel, run: () => setOpen(true) }]);
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {m.cancel}
      </Button>
      {isOpen && <CancelDialog pause={pause} onClose={() => setOpen(false)} onChanged={onChanged} />}
    </>
  );
}
