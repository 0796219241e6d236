/** The form of the sign-in page and of the dialog that appears when the session has ended. */
import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId } from "react";
import { signIn as m } from "../messages/en/sign-in.ts";
import { ProblemText } from "../parts/feedback/problem-text.tsx";
import { useRetryWait } from "../parts/time/seconds-left.ts";
import { apiFor } from "./api.ts";
import { tellTabs } from "./tabs.ts";

interface Credentials {
  readonly email: string;
  readonly password: string;
}

export function SignInForm({ email = "", onDone }: { readonly email?: string; readonly onDone: () => void }) {
  const id = useId();
  const signIn = useMutation({
    mutationFn: (input: Credentials) => apiFor(undefined).session.signIn(input),
    onSuccess() {
      tellTabs("signed in");
      onDone();
    },
  });
  const secondsLeft = useRetryWait(signIn.error);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (secondsLeft > 0) return;
    const fields = new FormData(event.currentTarget);
    signIn.mutate({ email: String(fields.get("email")).trim(), password: String(fields.get("password")) });
  };
  const { error } = signIn;
  return (
    <form onSubmit={submit} aria-describedby={error === null ? undefined : `${id}-problem`}>
      <Stack gap="sm">
        <TextInput
          name="email"
          label={m.email}
          type="email"
          autoComplete="username"
          defaultValue={email}
          required
          withAsterisk={false}
          data-autofocus={email === "" ? true : undefined}
          autoFocus={email === ""}
        />
        <PasswordInput
          name="password"
          label={m.password}
          autoComplete="current-password"
          required
          withAsterisk={false}
          data-autofocus={email === "" ? undefined : true}
          autoFocus={email !== ""}
        />
        {error !== null && (
          <Alert id={`${id}-problem`} color="red" variant="light" role="alert">
            <ProblemText error={error} secondsLeft={secondsLeft} />
          </Alert>
        )}
        <Button type="submit" loading={signIn.isPending} disabled={secondsLeft > 0} fullWidth>
          {m.submit}
        </Button>
      </Stack>
    </form>
  );
}
