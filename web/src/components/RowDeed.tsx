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
  /** What is said once it is done. */
  said: string;
  /** What is then asked for anew. */
  stale: QueryKey;
  deed: () => Promise<unknown>;
};

/** The small red button of a row, removing it for one, which asks first. */
export function RowDeed({ title, text, label, icon: Icon = Trash2, said, stale, deed }: Props) {
  const client = useQueryClient();
  const doing = useMutation({
    mutationFn: deed,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: stale });
      done(said);
    },
    onError: failed,
  });
  return (
    <Confirm title={title} text={text} label={label} onConfirm={() => doing.mutate()}>
      {(ask) => (
        <Button
          size="compact-xs"
          variant="subtle"
          color="red"
          leftSection={<Icon size={12} aria-hidden />}
          loading={doing.isPending}
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
