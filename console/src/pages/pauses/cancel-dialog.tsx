/** Asks before a question is cancelled. */
import { type Pause, SignalboxError } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { pause as m } from "../../messages/en/pauses.ts";
import { DangerDialog } from "../../parts/actions/danger-dialog.tsx";
import { useApi } from "../../session/api.ts";

interface CancelDialogProps {
  readonly pause: Pause;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

export function CancelDialog({ pause, onClose, onChanged }: CancelDialogProps) {
  const api = useApi();
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => api.cancelPause(pause.pause_id),
    onSuccess() {
      onClose();
      void queries.invalidateQueries({ queryKey: ["pause"] });
    },
    onError(error) {
      if (error instanceof SignalboxError && error.status === 409) onChanged();
    },
  });
  return (
    <DangerDialog
      title={m.cancelTitle}
      confirm={m.confirmCancel}
      isPending={cancel.isPending}
      error={cancel.error}
      onConfirm={() => cancel.mutate()}
      onClose={onClose}
    >
      {m.cancelHint}
    </DangerDialog>
  );
}
