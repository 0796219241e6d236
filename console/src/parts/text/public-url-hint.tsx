/** Where the address in a link comes from, if others may not reach it. */
import { Text } from "@mantine/core";
import { page as m } from "../../messages/en/app.ts";

const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

export function PublicUrlHint({ url }: { readonly url: string }) {
  const { origin, hostname } = new URL(url);
  if (origin === window.location.origin && !LOOPBACK.test(hostname)) return null;
  return (
    <Text size="sm" c="dimmed">
      {m.publicUrlHint(origin)}
    </Text>
  );
}
