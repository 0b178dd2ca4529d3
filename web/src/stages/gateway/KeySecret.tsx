import { Alert, Button, Group, Tabs as SnippetTabs, Stack, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMessages } from "@/app/i18n";
import { CodeBlock } from "@/components/Code";
import { routesQuery } from "./queries";
import { snippets } from "./snippets";

/** Show how to configure an OpenAI client for this server. */
export function ClientSnippets({ secret }: { secret: string }) {
  const t = useMessages().gateway.keys;
  const routes = useInfiniteQuery(routesQuery()).data?.pages.flat();
  const code = snippets(location.origin, secret, routes?.[0]?.name ?? "deployment/NAME");
  return (
    <SnippetTabs defaultValue="python" keepMounted={false}>
      <SnippetTabs.List>
        <SnippetTabs.Tab value="python">Python</SnippetTabs.Tab>
        <SnippetTabs.Tab value="curl">curl</SnippetTabs.Tab>
        <SnippetTabs.Tab value="environment">{t.environment}</SnippetTabs.Tab>
      </SnippetTabs.List>
      {(["python", "curl", "environment"] as const).map((value) => (
        <SnippetTabs.Panel key={value} value={value} pt="sm">
          <CodeBlock text={code[value]} label={t.snippet} />
        </SnippetTabs.Panel>
      ))}
    </SnippetTabs>
  );
}

/** Show the secret of a new key. The secret cannot be displayed again. */
export function KeySecret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const t = useMessages().gateway.keys;
  return (
    <Stack gap="sm">
      <Alert color="yellow">{t.secretHint}</Alert>
      <CodeBlock text={secret} label={t.secret} wrap />
      <Text size="sm" fw={600}>
        {t.use}
      </Text>
      <ClientSnippets secret={secret} />
      <Group justify="flex-end">
        <Button onClick={onClose}>{t.secretCopied}</Button>
      </Group>
    </Stack>
  );
}
