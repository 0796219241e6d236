/** A dialog that is mounted while it is open. When it closes, the focus goes back to where it was. */
import { Modal, type ModalProps } from "@mantine/core";
import { useEffect, useRef } from "react";
import { form as m } from "../../messages/en/app.ts";

export function Dialog(props: Omit<ModalProps, "opened">) {
  const before = useRef(document.activeElement);
  // Mantine returns the focus of a dialog that stays mounted.
  useEffect(
    () => () => {
      const { current } = before;
      if (document.activeElement === document.body && current instanceof HTMLElement) current.focus();
    },
    [],
  );
  return <Modal opened closeButtonProps={{ "aria-label": m.close }} {...props} />;
}
