/** `/console/set-password#token`: a person sets a password with a link. It needs no session. */
import { Alert, Button, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { setPassword as m } from "../../messages/en/access.ts";
import { page } from "../../messages/en/app.ts";
import { Problem } from "../../parts/feedback/problem.tsx";
import { apiFor } from "../../session/api.ts";

export default function SetPasswordPage() {
  // Read once: the address bar and the history forget it at once.
  const [token] = useState(() => location.hash.slice(1));
  const [password, setPassword] = useState("");
  useEffect(() => {
    document.title = page.title(m.title);
    history.replaceState(history.state, "", location.pathname);
  }, []);
  const set = useMutation({
    mutationFn: () => apiFor(undefined).session.setPassword({ token, newPassword: password }),
  });
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    set.mutate();
  };
  return (
    <main style={{ display: "grid", placeItems: "center", minBlockSize: "100vh", padding: "1rem" }}>
      <Paper withBorder radius="md" p="lg" w="100%" maw={420}>
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
            <form onSubmit={onSubmit}>
              <Stack>
                <Text size="sm">{m.lead}</Text>
                <PasswordInput
                  label={m.password}
                  description={m.hint}
                  value={password}
                  onChange={(event) => setPassword(event.currentTarget.value)}
                  autoComplete="new-password"
                  autoFocus
                />
                {set.error !== null && <Problem error={set.error} />}
                <Button type="submit" loading={set.isPending}>
                  {m.submit}
                </Button>
              </Stack>
            </form>
          )
        )}
      </Paper>
    </main>
  );
}
