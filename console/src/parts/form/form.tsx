/**
 * A form that shows the server's faults at their fields, all at once, and puts the cursor into the first one.
 *
 * Its fields are named like those of the API. What was typed stays, whatever the server answers.
 */
import { Button, Group, Stack } from "@mantine/core";
import { SignalboxError } from "@signalbox/sdk";
import {
  createContext,
  type FormEvent,
  type ReactNode,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { form as m, problem } from "../../messages/en/app.ts";
import { Problem } from "../feedback/problem.tsx";
import { useRetryWait } from "../time/seconds-left.ts";

/** A fault of one field, from the server or from the console's own check. */
export interface FieldFault {
  readonly field: string;
  readonly rule: string;
}

const Faults = createContext<readonly FieldFault[]>([]);

interface FormProps {
  /** Called with the fields' values. A page with controlled fields may pass over them. */
  readonly onSubmit: (values: FormData) => void;
  readonly isPending: boolean;
  /** The error of the last try. Its `details` appear at the fields. */
  readonly error: unknown;
  /** What the console itself found, with the server's own rules. Shown like the server's. */
  readonly faults?: readonly FieldFault[];
  readonly submit: string;
  readonly onCancel?: () => void;
  readonly isDisabled?: boolean;
  readonly children: ReactNode;
}

export function Form(props: FormProps) {
  const { onSubmit, isPending, error, faults = [], submit, onCancel, isDisabled = false, children } = props;
  const element = useRef<HTMLFormElement>(null);
  const waits = useRetryWait(error) > 0;
  const all = useMemo(() => [...faults, ...detailsOf(error)], [faults, error]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer moves the focus once
  useEffect(() => {
    if (all.length > 0) element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [error, faults]);
  const handle = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    // `Enter` in a field submits, too.
    if (waits || isPending || isDisabled) return;
    onSubmit(new FormData(event.currentTarget));
  };
  return (
    <Faults value={all}>
      <form ref={element} onSubmit={handle} noValidate>
        <Stack gap="md">
          {children}
          {error !== null && error !== undefined && <FormProblem error={error} />}
          <Group gap="sm">
            <Button type="submit" loading={isPending} disabled={isDisabled || waits}>
              {submit}
            </Button>
            {onCancel !== undefined && (
              <Button variant="default" onClick={onCancel}>
                {m.cancel}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Faults>
  );
}

/** The server names each field as the API does. Where all of them are on the form, each says itself what is wrong with it. */
function FormProblem({ error }: { readonly error: unknown }) {
  const place = useRef<HTMLDivElement>(null);
  const [sentence, setSentence] = useState<string>();
  useLayoutEffect(() => {
    const elements = [...(place.current?.closest("form")?.elements ?? [])];
    const details = detailsOf(error);
    const isShown = ({ field }: FieldFault) =>
      elements.some((one) => {
        const name = one.getAttribute("name");
        return (
          name !== null && one.getAttribute("aria-invalid") === "true" && (field === name || isInside(field, name))
        );
      });
    setSentence(details.length > 0 && details.every(isShown) ? problem.faults(details.length) : undefined);
  }, [error]);
  return (
    <div ref={place}>
      <Problem error={error} sentence={sentence} />
    </div>
  );
}

/** What is wrong with a field: the rules that it breaks, as one text. Null when nothing is. Also for nested fields. */
export function useFault(field: string): string | null {
  const faults = useContext(Faults).filter((fault) => fault.field === field || isInside(fault.field, field));
  return faults.length === 0 ? null : faults.map((fault) => sentence(fault, field)).join(" ");
}

/** `headers_json.X-A` and `endpoint_ids[0]` */
function isInside(fault: string, field: string): boolean {
  return fault.startsWith(field) && /^[.[]/.test(fault.slice(field.length));
}

function sentence({ field, rule }: FieldFault, shown: string): string {
  if (field === shown) return rule;
  // "headers_json.X-A must be …" under the field `headers_json`, and "event_types[1] must be …", still say which one.
  const nested = field.slice(shown.length).replace(/^\./, "");
  return `${nested.replace(/^\[(\d+)\]/, (_, index) => m.item(Number(index) + 1))} ${rule}`;
}

function detailsOf(error: unknown): readonly FieldFault[] {
  return error instanceof SignalboxError ? error.details : [];
}
