/** Copies a text, and says so where a person looks and for people who do not see it. */
import { ActionIcon, Button, VisuallyHidden } from "@mantine/core";
import { useEffect, useState } from "react";
import { copy as m } from "../../messages/en/app.ts";
import { CheckIcon, CopyIcon } from "../icons.tsx";
import { copyText } from "./copy.ts";

const SAID_MS = 2000;

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, such as "Copy the id". */
  readonly label?: string;
  /** Only the picture, for use next to the text. */
  readonly small?: boolean;
}

export function CopyButton({ text, label = m.copy, small = false }: CopyButtonProps) {
  const [result, setResult] = useState<"copied" | "failed" | null>(null);
  useEffect(() => {
    if (result === null) return;
    const timer = setTimeout(() => setResult(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [result]);
  const run = async (): Promise<void> => setResult((await copyText(text)) ? "copied" : "failed");
  const picture = result === "copied" ? <CheckIcon size={14} /> : <CopyIcon size={14} />;
  return (
    <>
      {small ? (
        <ActionIcon variant="subtle" color="gray" size="sm" onClick={run} aria-label={label} title={label}>
          {picture}
        </ActionIcon>
      ) : (
        <Button variant="default" size="xs" leftSection={picture} onClick={run}>
          {result === null ? label : m[result]}
        </Button>
      )}
      <VisuallyHidden role="status">{result === null ? "" : m[result]}</VisuallyHidden>
    </>
  );
}
