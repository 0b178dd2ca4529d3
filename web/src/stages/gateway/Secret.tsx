import { Alert, Button, Tabs as Choices, Group, Stack, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMessages } from "@/app/i18n";
import { CodeBlock } from "@/components/Code";
import { routesList } from "./queries";
import { snippets } from "./snippets";

/** How to point an OpenAI client at this server. */
export function Snippets({ secret }: { secret: string }) {
  const t = useMessages().gateway.keys;
  const routes = useInfiniteQuery(routesList()).data?.pages.flat();
  const found = snippets(location.origin, secret, routes?.[0]?.name ?? "deployment/NAME");
  return (
    <Choices defaultValue="python" keepMounted={false}>
      <Choices.List>
        <Choices.Tab value="python">Python</Choices.Tab>
        <Choices.Tab value="curl">curl</Choices.Tab>
        <Choices.Tab value="environment">{t.environment}</Choices.Tab>
      </Choices.List>
      {(["python", "curl", "environment"] as const).map((value) => (
        <Choices.Panel key={value} value={value} pt="sm">
          <CodeBlock text={found[value]} label={t.snippet} />
        </Choices.Panel>
      ))}
    </Choices>
  );
}

/** A key's secret at the only moment when it can be read. */
export function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const t = useMessages().gateway.keys;
  return (
    <Stack gap="sm">
      <Alert color="yellow">{t.once}</Alert>
      <CodeBlock text={secret} label={t.secret} wrap />
      <Text size="sm" fw={600}>
        {t.use}
      </Text>
      <Snippets secret={secret} />
      <Group justify="flex-end">
        <Button onClick={onClose}>{t.kept}</Button>
      </Group>
    </Stack>
  );
}
