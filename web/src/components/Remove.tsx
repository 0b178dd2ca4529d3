import { Button } from "@mantine/core";
import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import { type LucideIcon, Trash2 } from "lucide-react";
import { Confirm } from "./Confirm";
import { done, failed } from "./notify";

type Props = {
  title: string;
  text: string;
  label: string;
  icon?: LucideIcon;
  /** What is said once it is removed. */
  removed: string;
  /** What is then asked for anew. */
  stale: QueryKey;
  deed: () => Promise<unknown>;
};

/** The small button that removes what its row shows, after asking. */
export function Remove({ title, text, label, icon: Icon = Trash2, removed, stale, deed }: Props) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: deed,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: stale });
      done(removed);
    },
    onError: failed,
  });
  return (
    <Confirm title={title} text={text} label={label} onConfirm={() => remove.mutate()}>
      {(ask) => (
        <Button
          size="compact-xs"
          variant="subtle"
          color="red"
          leftSection={<Icon size={12} aria-hidden />}
          loading={remove.isPending}
          onClick={(event) => {
            event.stopPropagation(); // the row may lead somewhere
            ask();
          }}
        >
          {label}
        </Button>
      )}
    </Confirm>
  );
}
