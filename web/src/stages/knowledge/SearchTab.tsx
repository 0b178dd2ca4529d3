import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { QueryBoundary } from "@/components/QueryBoundary";
import { PassageCard } from "./PassageCard";
import { searchQuery } from "./queries";

const page = getRouteApi("/knowledge/$base");

/** Show the passages that match a query, with their ranks. */
export function SearchTab({ base }: { base: string }) {
  const t = useMessages().knowledge;
  const f = useFormats();
  const { q = "" } = page.useSearch();
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const [enteredQuery, setEnteredQuery] = useState(q);
  const query = useQuery(searchQuery(base, q));
  return (
    <Stack gap="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ search: (previous) => ({ ...previous, q: enteredQuery }), replace: true });
        }}
      >
        <Group align="flex-end" gap="sm">
          <TextInput
            style={{ flex: 1 }}
            label={t.query}
            placeholder={t.queryHint}
            value={enteredQuery}
            onChange={(event) => setEnteredQuery(event.currentTarget.value)}
          />
          <Button type="submit" leftSection={<Search size={14} aria-hidden />}>
            {t.find}
          </Button>
        </Group>
      </form>
      {q && (
        <QueryBoundary query={query}>
          {(passages) => (
            <Stack gap="sm">
              <Text size="sm" c="dimmed">
                {passages.length ? `${t.found(f.number(passages.length))}. ${t.foundNote}` : t.noResults}
              </Text>
              {passages.map((passage, index) => (
                <PassageCard key={passage.chunk.id} passage={passage} number={index + 1} />
              ))}
            </Stack>
          )}
        </QueryBoundary>
      )}
    </Stack>
  );
}
