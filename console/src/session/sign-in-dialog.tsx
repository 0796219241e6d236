/** Over the page when the session has ended, so that what was typed stays. */
import { Modal, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { signIn as m } from "../messages/en/sign-in.ts";
import { setLapsed, useLapsed } from "./lapse.ts";
import { meQuery, useMe } from "./me.ts";
import { SignInForm } from "./sign-in-form.tsx";

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
  return (
    <Modal
      opened={lapsed}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={m.lapsed}
      centered
    >
      <Text size="sm" c="dimmed" mb="md">
        {m.lapsedHint}
      </Text>
      <SignInForm email={me.email ?? ""} onDone={resume} />
    </Modal>
  );
}
