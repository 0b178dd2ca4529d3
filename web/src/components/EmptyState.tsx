import { Center, SegmentedControl, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import type { LucideIcon } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useMessages } from "@/app/i18n";
import { CodeBlock } from "./Code";

type Props = {
  icon: LucideIcon;
  title: string;
  children: ReactNode;
  action?: ReactNode;
  cli?: string;
  python?: string;
};

/**
 * Show an empty page: its purpose, the button that adds content, and the same step as a CLI command and Python code.
 */
export function EmptyState({ icon: Icon, title, children, action, cli, python }: Props) {
  return (
    <Center mih="calc(100dvh - 220px)" p="md">
      <Stack align="center" gap={6} maw={520} w="100%">
        <ThemeIcon size={44} radius="lg" variant="light" color="gray" mb={6}>
          <Icon size={21} strokeWidth={1.75} aria-hidden />
        </ThemeIcon>
        <Title order={2}>{title}</Title>
        <Text size="sm" c="dimmed" ta="center" maw={400}>
          {children}
        </Text>
        {action && <div style={{ marginTop: 10 }}>{action}</div>}
        {(cli || python) && <CodeAlternatives cli={cli} python={python} />}
      </Stack>
    </Center>
  );
}

/** Show how to do the same with the CLI or in Python. */
export function CodeAlternatives({ cli, python }: { cli?: string; python?: string }) {
  const t = useMessages().app.codeSample;
  const [selected, setSelected] = useState(cli ? "cli" : "python");
  const text = selected === "cli" ? cli : python;
  return (
    <Stack gap={6} w="100%" mt="lg">
      {cli && python && (
        <SegmentedControl
          size="xs"
          aria-label={t.lead}
          value={selected}
          onChange={setSelected}
          data={[
            { value: "cli", label: t.cli },
            { value: "python", label: t.python },
          ]}
          style={{ alignSelf: "center" }}
        />
      )}
      <CodeBlock text={text ?? ""} />
    </Stack>
  );
}
