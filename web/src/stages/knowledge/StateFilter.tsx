import { Button, Group } from "@mantine/core";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";

type Props<State extends string> = {
  label: string;
  states: readonly State[];
  labels: Record<string, string>;
  counts: Partial<Record<string, number>>;
  selected: State | undefined;
  onSelect: (state: State | undefined) => void;
};

/** Show states with their counts as buttons that filter a list. The first button removes the filter. */
export function StateFilter<State extends string>(props: Props<State>) {
  const { label, states, labels, counts, selected, onSelect } = props;
  const t = useMessages().knowledge;
  const f = useFormats();
  const total = Object.values(counts).reduce((sum: number, count) => sum + (count ?? 0), 0);
  const options: { state: State | undefined; text: string; count: number }[] = [
    { state: undefined, text: t.all, count: total },
    ...states.map((state) => ({ state, text: labels[state] ?? state, count: counts[state] ?? 0 })),
  ];
  return (
    <Group gap={4} px="md" pb="sm" role="group" aria-label={label}>
      {options.map(({ state, text, count }) => (
        <Button
          key={state ?? ""}
          size="compact-sm"
          variant={state === selected ? "light" : "subtle"}
          color={state === selected ? undefined : "gray"}
          aria-pressed={state === selected}
          onClick={() => onSelect(state)}
        >
          {text} <span className="num">&nbsp;{f.number(count)}</span>
        </Button>
      ))}
    </Group>
  );
}
