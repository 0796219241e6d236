/** A form in a dialog. */
import { Modal } from "@mantine/core";
import type { ComponentProps } from "react";
import { form as m } from "../../messages/en/app.ts";
import { Form } from "./form.tsx";

interface FormDialogProps extends Omit<ComponentProps<typeof Form>, "onCancel" | "onSubmit"> {
  readonly title: string;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
}

/** Mounted while it is open, so that it always begins empty. */
export function FormDialog({ title, onClose, onSubmit, ...form }: FormDialogProps) {
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": m.close }}>
      <Form {...form} onSubmit={onSubmit} onCancel={onClose} />
    </Modal>
  );
}
