/** Tries another secret, and replaces a source's secret, with an overlap in which the previous one is still accepted. */
import { Alert, Button, Stack, Text } from "@mantine/core";
import type { Source } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { source as m, sources } from "../../messages/en/inbound.ts";
import { SecretDialog } from "../../parts/actions/secret-dialog.tsx";
import { ChoiceField, TextField } from "../../parts/form/fields.tsx";
import { FormDialog } from "../../parts/form/form-dialog.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi } from "../../session/api.ts";
import { Reprocess } from "./reprocess.tsx";
import { Trial } from "./trial.tsx";
import { carriedSecret, forgetCarriedSecret } from "./tried-secret.ts";

const OVERLAPS = { none: 0, hour: 3600, day: 86_400, week: 604_800 } as const;
type Overlap = keyof typeof OVERLAPS;

interface SourceSecretProps {
  readonly source: Source;
  /** A secret that was tried, and with which requests would verify; or nothing. */
  readonly suggestion: string;
}

/** Another secret is tried, then saved, and then what was refused is processed again. */
export function SecretTab({ source }: { readonly source: Source }) {
  const [verifies, setVerifies] = useState(() => carriedSecret(source.id));
  const [replaced, setReplaced] = useState(0);
  useEffect(forgetCarriedSecret, []);
  const onReplaced = () => {
    setVerifies("");
    setReplaced(replaced + 1);
  };
  return (
    <>
      <Trial key={replaced} sourceId={source.id} scheme={source.scheme} onVerified={setVerifies} />
      <SourceSecret source={source} suggestion={verifies} onReplaced={onReplaced} />
      {replaced > 0 && (
        <Alert role="status" mt="md">
          <Text mb="sm">{m.replaced}</Text>
          <Reprocess sourceId={source.id} />
        </Alert>
      )}
    </>
  );
}

function SourceSecret({ source, suggestion, onReplaced }: SourceSecretProps & { readonly onReplaced: () => void }) {
  const queries = useQueryClient();
  // With a suggestion from another page, the form is what the person came for.
  const [isOpen, setOpen] = useState(suggestion !== "");
  const [made, setMade] = useState<string | null>(null);
  return (
    <Section title={source.scheme === "basic" ? sources.password : sources.secret}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{m.rotateHint}</Text>
        {source.previous_expires_at !== null && (
          <Text size="sm">
            {m.previous} <Time at={source.previous_expires_at} absolute />.
          </Text>
        )}
        <Button variant="default" onClick={() => setOpen(true)}>
          {m.rotate}
        </Button>
      </Stack>
      {isOpen && (
        <Rotate
          source={source}
          suggestion={suggestion}
          onClose={() => setOpen(false)}
          onDone={(secret) => {
            setOpen(false);
            onReplaced();
            setMade(secret ?? null);
            void queries.invalidateQueries({ queryKey: ["inbound", "source"] });
          }}
        />
      )}
      {made !== null && (
        <SecretDialog
          title={sources.newSecret}
          hint={sources.newSecretHint}
          label={sources.secretLabel}
          secret={made}
          done={sources.copied}
          onDone={() => setMade(null)}
        />
      )}
    </Section>
  );
}

interface RotateProps extends SourceSecretProps {
  readonly onClose: () => void;
  readonly onDone: (secret: string | undefined) => void;
}

function Rotate({ source, suggestion, onClose, onDone }: RotateProps) {
  const api = useApi();
  const [secret, setSecret] = useState(suggestion);
  const [overlap, setOverlap] = useState<Overlap>("day");
  const rotate = useMutation({
    mutationFn: () =>
      api.sources.rotateSecret(source.id, {
        ...(secret !== "" && { secret }),
        overlap_seconds: OVERLAPS[overlap],
      }),
    onSuccess: (answer) => onDone(answer.secret),
  });
  return (
    <FormDialog title={m.rotate} action={rotate} onClose={onClose}>
      <TextField
        name="secret"
        label={sources.secret}
        hint={sources.secretHint}
        value={secret}
        onChange={(event) => setSecret(event.currentTarget.value)}
        data-autofocus
      />
      <ChoiceField
        name="overlap_seconds"
        label={m.overlap}
        value={overlap}
        onChange={(next) => setOverlap(next as Overlap)}
        options={Object.keys(OVERLAPS).map((value) => ({ value, label: m.overlaps[value as Overlap] }))}
      />
    </FormDialog>
  );
}
