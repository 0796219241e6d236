/** Over the page when the session has ended, so that what was typed stays. */
import { Modal, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { signIn as m } from "../messages/en/sign-in.ts";
import { setLapsed, useLapsed } from "./lapse.ts";
import { meQuery, useMe } from "./me.ts";
import { SignInForm } from "./sign-in-form.tsx";
import { useOtherTabs } from "./tabs.ts";

export function SignInDialog() {
  const lapsed = useLapsed();
  const me = useMe();
  const queries = useQueryClient();
  const resume = async (): Promise<void> => {
    const now = await queries.fetchQuery({ ...meQuery, staleTime: 0 });
    // The page shows what the other person may see, and perhaps this one may not.
    if (now.id !== me.id) return location.reload();
    setLapsed(false);
    await queries.invalidateQueries();
  };
  useOtherTabs((news) => {
    if (news === "signed in") void resume();
    // The person left on purpose, so nothing of theirs stays on the screen.
    else location.assign(`/console/sign-in?${new URLSearchParams({ to: location.pathname + location.search })}`);
  });
  return (
    <Modal
      opened={lapsed}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={m.lapsed}
      // Above a dialog with the form that was being filled.
      zIndex="var(--mantine-z-index-max)"
      centered
    >
      <Text size="sm" c="dimmed" mb="md">
        {m.lapsedHint}
      </Text>
      <SignInForm email={me.email ?? ""} onDone={resume} />
    </Modal>
  );
}
