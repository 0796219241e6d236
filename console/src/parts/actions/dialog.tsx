/** A dialog that is mounted while it is open. When it closes, the focus goes back to where it was. */
import { Modal, type ModalProps } from "@mantine/core";
import { useEffect, useRef } from "react";
import { form as m } from "../../messages/en/app.ts";
import { visible } from "../text/visible.ts";

export function Dialog({ title, ...props }: Omit<ModalProps, "opened">) {
  const before = useRef(document.activeElement);
  // Mantine returns the focus of a dialog that stays mounted.
  useEffect(
    () => () => {
      const { current } = before;
      if (document.activeElement === document.body && current instanceof HTMLElement) current.focus();
    },
    [],
  );
  // It often has the name of a record, which a stranger may have given.
  const shown = typeof title === "string" ? visible(title) : title;
  return <Modal opened closeButtonProps={{ "aria-label": m.close }} title={shown} {...props} />;
}
