/** A form in a dialog. */

import type { ReactNode } from "react";
import { Dialog } from "../actions/dialog.tsx";
import { Form } from "./form.tsx";

interface FormDialogProps {
  readonly title: string;
  /** Default: the title. */
  readonly submit?: string;
  /** What the form does, such as the result of `useMutation`. */
  readonly action: { readonly mutate: () => void; readonly isPending: boolean; readonly error: unknown };
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Mounted while it is open, so that it always begins empty. */
export function FormDialog({ title, submit = title, action, onClose, children }: FormDialogProps) {
  const { mutate, isPending, error } = action;
  return (
    <Dialog onClose={onClose} title={title}>
      <Form onSubmit={() => mutate()} isPending={isPending} error={error} submit={submit} onCancel={onClose}>
        {children}
      </Form>
    </Dialog>
  );
}
