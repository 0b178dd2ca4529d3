import { Button } from "@mantine/core";
import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import { type LucideIcon, Trash2 } from "lucide-react";
import { Confirm } from "./Confirm";
import { notifyError, notifySuccess } from "./notify";

type Props = {
  title: string;
  text: string;
  label: string;
  icon?: LucideIcon;
  /** Notification shown after success. */
  successMessage: string;
  /** Queries to invalidate after success. */
  invalidates: QueryKey;
  action: () => Promise<unknown>;
};

/** Show a small red button for an action on a row, by default its removal. Asks for confirmation first. */
export function RowAction({ title, text, label, icon: Icon = Trash2, successMessage, invalidates, action }: Props) {
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: action,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: invalidates });
      notifySuccess(successMessage);
    },
    onError: notifyError,
  });
  return (
    <Confirm title={title} text={text} label={label} onConfirm={() => mutation.mutate()}>
      {(openDialog) => (
        <Button
          size="compact-xs"
          variant="subtle"
          color="red"
          leftSection={<Icon size={12} aria-hidden />}
          loading={mutation.isPending}
          onClick={(event) => {
            event.stopPropagation(); // a click on the row may open it
            openDialog();
          }}
        >
          {label}
        </Button>
      )}
    </Confirm>
  );
}
