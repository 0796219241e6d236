/** `/console/sign-in?to=…`: the only page for people without a session. It leads only to other pages of the console. */
import { Code, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { page } from "../messages/en/app.ts";
import { signIn as m } from "../messages/en/sign-in.ts";
import { SignedOutCard } from "../parts/page/signed-out-card.tsx";
import { pathAfterSignIn } from "../session/after-sign-in.ts";
import { setLapsed } from "../session/lapse.ts";
import { SignInForm } from "../session/sign-in-form.tsx";
import classes from "./sign-in-page.module.css";

export function SignInPage() {
  const { to } = useSearch({ strict: false }) as { to?: unknown };
  const navigate = useNavigate();
  const queries = useQueryClient();
  useEffect(() => {
    document.title = page.title(m.title);
  }, []);
  const enter = (): void => {
    queries.clear();
    setLapsed(false);
    void navigate({ href: pathAfterSignIn(to, location.origin), replace: true });
  };
  return (
    <SignedOutCard>
      <Title order={1} mb="md">
        {m.title}
      </Title>
      <SignInForm onDone={enter} />
      <Text size="xs" c="dimmed" mt="lg">
        {m.firstUser}
      </Text>
      <Code block mt={4} className={classes.command}>
        {m.command}
      </Code>
    </SignedOutCard>
  );
}
