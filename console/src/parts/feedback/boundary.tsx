/** Keeps a fault of one page from leaving the whole console blank. */
import { Alert, Button, Code, Stack, Text } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { page as m, problem } from "../../messages/en/app.ts";
import { Page } from "../page/page.tsx";

/** The file of a page is from another build than the page that asked for it. */
export class StaleBuild extends Error {}

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

  override render(): ReactNode {
    const { error } = this.state;
    const { isPage = false, children } = this.props;
    if (error === null) return children;
    const isStale = error instanceof StaleBuild;
    const notice = isStale ? <NewVersion /> : <Crashed error={error} onRetry={() => this.setState({ error: null })} />;
    return isPage ? <Page title={isStale ? m.newVersion : m.crashed}>{notice}</Page> : notice;
  }
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
