/** Keeps a fault of one page from leaving the whole console blank. */
import { Alert, Button, Code, Stack, Text } from "@mantine/core";
import { Component, type ReactNode, useState } from "react";
import { page as m, problem } from "../../messages/en/app.ts";
import { Page } from "../page/page.tsx";

/** The file of a page is from another build than the page that asked for it. */
export class StaleBuild extends Error {}
/** The file of a page could not be read, and neither can anything else. */
export class Unreachable extends Error {}

export async function isReachable(): Promise<boolean> {
  try {
    return (await fetch("/healthz")).ok;
  } catch {
    return false;
  }
}

interface Props {
  /** Whether the page has no heading without its content. */
  readonly isPage?: boolean;
  /** Another key starts afresh. */
  readonly resetKey: string;
  readonly children: ReactNode;
}
interface State {
  readonly error: unknown;
  readonly resetKey: string;
}

export class Boundary extends Component<Props, State> {
  override state: State = { error: null, resetKey: this.props.resetKey };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error };
  }

  static getDerivedStateFromProps({ resetKey }: Props, state: State): Partial<State> | null {
    return resetKey === state.resetKey ? null : { error: null, resetKey };
  }

  #noticeOf(error: unknown): { readonly title: string; readonly notice: ReactNode } {
    if (error instanceof StaleBuild) return { title: m.newVersion, notice: <NewVersion /> };
    if (error instanceof Unreachable) return { title: m.unreachable, notice: <NoFile /> };
    const retry = () => this.setState({ error: null });
    return { title: m.crashed, notice: <Crashed error={error} onRetry={retry} /> };
  }

  override render(): ReactNode {
    const { error } = this.state;
    const { isPage = false, children } = this.props;
    if (error === null) return children;
    const { title, notice } = this.#noticeOf(error);
    return isPage ? <Page title={title}>{notice}</Page> : notice;
  }
}

/** The browser keeps that a file failed, so only a reload reads it again. */
function NoFile() {
  const [isTrying, setTrying] = useState(false);
  const tryAgain = async (): Promise<void> => {
    setTrying(true);
    if (await isReachable()) location.reload();
    else setTrying(false);
  };
  return (
    <Alert color="red" variant="light" role="alert">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{problem.network}</Text>
        <Button variant="default" loading={isTrying} onClick={() => void tryAgain()}>
          {problem.tryAgain}
        </Button>
      </Stack>
    </Alert>
  );
}

function NewVersion() {
  return (
    <Alert role="alert">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{m.newVersionHint}</Text>
        <Button onClick={() => location.reload()}>{m.reload}</Button>
      </Stack>
    </Alert>
  );
}

function Crashed({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  return (
    <Alert color="red" variant="light" role="alert">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{m.crashedHint}</Text>
        <Code block>{error instanceof Error ? error.message : String(error)}</Code>
        <Button variant="default" onClick={onRetry}>
          {problem.tryAgain}
        </Button>
      </Stack>
    </Alert>
  );
}
