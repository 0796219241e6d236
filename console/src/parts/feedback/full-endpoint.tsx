/** Under the error of an event that a paused endpoint has no space for: which endpoint, and a button that resumes it. */
import { Button, Group, Text } from "@mantine/core";
import { SignalboxError } from "@signalbox/sdk";
import { useMutation, useQuery } from "@tanstack/react-query";
import { problem as m } from "../../messages/en/app.ts";
import { useApi, useTenant } from "../../session/api.ts";
import { useReadAgain } from "../../session/read-again.ts";
import { Go } from "../page/go.tsx";
import { Foreign } from "../text/foreign.tsx";
import { ProblemText } from "./problem-text.tsx";

export function FullEndpoint({ error }: { readonly error: unknown }) {
  if (!(error instanceof SignalboxError) || error.code !== "PAUSED_BACKLOG_FULL") return null;
  const [id] = /\bep_[0-9a-f-]{36}\b/.exec(error.message) ?? [];
  return id === undefined ? null : <Resume id={id} />;
}

function Resume({ id }: { readonly id: string }) {
  const api = useApi();
  const readAgain = useReadAgain("endpoint");
  const { data: endpoint } = useQuery({
    queryKey: ["endpoint", "one", useTenant(), id],
    queryFn: ({ signal }) => api.endpoints.get(id, { signal }),
  });
  const resume = useMutation({
    mutationFn: () => api.endpoints.update(id, { status: "ACTIVE" }),
    onSettled: readAgain,
  });
  if (resume.isSuccess) return <Text size="sm">{m.resumed}</Text>;
  return (
    <>
      <Group gap="xs">
        <Text size="sm" component="span">
          {m.endpointFull}
        </Text>
        <Go to={`/endpoints/${id}`} td="underline">
          <Foreign text={endpoint?.name ?? id} charsMax={100} />
        </Go>
        <Button variant="default" size="xs" loading={resume.isPending} onClick={() => resume.mutate()}>
          {m.resume}
        </Button>
      </Group>
      {resume.error !== null && <ProblemText error={resume.error} />}
    </>
  );
}
