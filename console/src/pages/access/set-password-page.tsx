/** `/console/set-password#token`: a person sets a password with a link. It needs no session. */
import { Alert, Button, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { setPassword as m } from "../../messages/en/access.ts";
import { page } from "../../messages/en/app.ts";
import { PasswordField } from "../../parts/form/fields.tsx";
import { Form } from "../../parts/form/form.tsx";
import { SignedOutCard } from "../../parts/page/signed-out-card.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { apiFor } from "../../session/api.ts";

export default function SetPasswordPage() {
  // Read once: the address bar and the history forget it at once.
  const [[token = "", email = ""]] = useState(() => location.hash.slice(1).split("&email="));
  useEffect(() => {
    document.title = page.title(m.title);
    history.replaceState(history.state, "", location.pathname);
  }, []);
  const set = useMutation({
    mutationFn: (newPassword: string) => apiFor(undefined).session.setPassword({ token, newPassword }),
  });
  return (
    <SignedOutCard>
      <Title order={1} mb="sm">
        {m.title}
      </Title>
      {token === "" && <Alert color="yellow">{m.noToken}</Alert>}
      {set.isSuccess ? (
        <Stack>
          <Text role="status">{m.done}</Text>
          <Button component="a" href="/console/sign-in">
            {m.signIn}
          </Button>
        </Stack>
      ) : (
        token !== "" && (
          <Form
            onSubmit={(values) => set.mutate(String(values.get("newPassword") ?? ""))}
            isPending={set.isPending}
            error={set.error}
            submit={m.submit}
          >
            <Text size="sm">
              {email !== "" && (
                <>
                  {m.account} <Foreign text={decoded(email)} />.{" "}
                </>
              )}
              {m.lead}
            </Text>
            <PasswordField name="newPassword" label={m.password} hint={m.hint} autoComplete="new-password" />
          </Form>
        )
      )}
    </SignedOutCard>
  );
}

/** The address may be cut or mistyped. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
