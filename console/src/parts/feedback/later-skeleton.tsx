/** Rows of the final size, after a moment: a skeleton that flashes makes a fast page feel slow. */
import { Skeleton, Stack } from "@mantine/core";
import { useEffect, useState } from "react";
import { page as m } from "../../messages/en/app.ts";

const AFTER_MS = 150;

export function LaterSkeleton({ rows, height = 40 }: { readonly rows: number; readonly height?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!shown) return <div aria-busy="true" style={{ height: rows * (height + 8) }} />;
  return (
    <Stack gap={8} aria-busy="true" aria-label={m.loading} role="status">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <Skeleton key={row} height={height} />
      ))}
    </Stack>
  );
}
