/** Keeps a fault of one page from leaving the whole console blank. */
import { Alert, Button, Code, Stack, Text } from "@mantine/core";
import { Component, lazy, type ReactNode, useEffect, useState } from "react";
import { page as m, problem } from "../../messages/en/app.ts";
import { Page } from "../page/page.tsx";

/** The file is from another build than the page that asked for it. */
class StaleBuild extends Error {}
/** The file could not be read, and neither can anything else. */
class Unreachable extends Error {}

/** A restart takes a few seconds. */
const RETRY_MS = 2_000;

async function isReachable(): Promise<boolean> {
  try {
    return (await fetch("/healthz")).ok;
  } catch {
    return false;
  }
}

/** A file of the console. After an upgrade, the server no longer has the files of the build that this tab runs. */
export function fresh<M>(load: () => Promise<M>): () => Promise<M> {
  return () =>
    load().catch(async (cause) => {
      throw (await isReachable()) ? new StaleBuild("the file is gone", { cause }) : new Unreachable();
    });
}

/** A component in a file of its own. Where it is used, a {@link Boundary} says why the file is missing. */
export const lazyFile: typeof lazy = (load) => lazy(fresh(load));

interface Props {
  /** Whether the page has no heading without its content. */
  readonly isPage?: boolean;
  /** What the notice is shown in, unless it takes the place of the content. */
  readonly frame?: (title: string, notice: ReactNode) => ReactNode;
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
    // A reload would lose what was typed on the page around a part.
    const { isPage = false } = this.props;
    if (error instanceof Unreachable) return { title: m.unreachable, notice: <NoFile reloads={isPage} /> };
    const retry = () => this.setState({ error: null });
    return { title: m.crashed, notice: <Crashed error={error} onRetry={retry} /> };
  }

  override render(): ReactNode {
    const { error } = this.state;
    const { isPage = false, frame, children } = this.props;
    if (error === null) return children;
    const { title, notice } = this.#noticeOf(error);
    if (frame !== undefined) return frame(title, notice);
    return isPage ? <Page title={title}>{notice}</Page> : notice;
  }
}

/** The browser keeps that a file failed, so only a reload reads it again. `reloads`: as soon as the server answers. */
function NoFile({ reloads }: { readonly reloads: boolean }) {
  const [isTrying, setTrying] = useState(false);
  useEffect(() => {
    if (!reloads) return;
    const timer = setInterval(async () => (await isReachable()) && location.reload(), RETRY_MS);
    return () => clearInterval(timer);
  }, [reloads]);
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
