/** `/console/cli?code=…`: a person approves a terminal, which then gets a key. The key itself never comes here. */
import { Alert, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { terminal as m } from "../../messages/en/terminal.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { TextField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { useGo } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { apiFor } from "../../session/api.ts";
import { DecideTerminal } from "./decide-terminal.tsx";

export default function TerminalPage() {
  const { code } = useSearch({ strict: false }) as { code?: unknown };
  const given = typeof code === "string" ? code.trim() : "";
  return (
    <Page title={m.title}>
      <Stack gap="lg" maw={560}>
        {given === "" ? <TypeCode lead={m.typeCode} /> : <Found key={given} code={given} />}
      </Stack>
    </Page>
  );
}

function TypeCode({ lead }: { readonly lead: string }) {
  const go = useGo();
  const [code, setCode] = useState("");
  return (
    <Form
      onSubmit={() => go({ to: "/cli", search: { code: code.trim() } })}
      isPending={false}
      isDisabled={code.trim() === ""}
      error={null}
      submit={m.next}
    >
      <Text>{lead}</Text>
      <TextField
        name="user_code"
        label={m.code}
        hint={m.codeHint}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
    </Form>
  );
}

function Found({ code }: { readonly code: string }) {
  // Of no tenant yet. A wrong code counts against the person, so that nothing asks again by itself.
  const found = useQuery({
    queryKey: ["terminal", code],
    queryFn: ({ signal }) => apiFor(undefined).terminals.find(code, { signal }),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnReconnect: false,
    refetchOnWindowFocus: false,
  });
  if (found.data === undefined) {
    if (found.error === null) return <LaterSkeleton rows={5} />;
    return (
      <>
        <Problem error={found.error} />
        <TypeCode lead={m.another} />
      </>
    );
  }
  const { state } = found.data;
  if (state === "pending") return <DecideTerminal code={code} terminal={found.data} />;
  return <Alert color="gray">{state === "approved" ? m.wasApproved : m.wasDenied}</Alert>;
}
