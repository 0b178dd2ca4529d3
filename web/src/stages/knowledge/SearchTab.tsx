import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { PassageCard } from "./PassageCard";
import { searchQuery } from "./queries";

const page = getRouteApi("/knowledge/$base");

/** What a query finds, and why. */
export function SearchTab({ base }: { base: string }) {
  const t = useMessages().knowledge;
  const f = useFormats();
  const { q = "" } = page.useSearch();
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const [typed, setTyped] = useState(q);
  const query = useQuery(searchQuery(base, q));
  return (
    <Stack gap="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ search: (had) => ({ ...had, q: typed }), replace: true });
        }}
      >
        <Group align="flex-end" gap="sm">
          <TextInput
            style={{ flex: 1 }}
            label={t.query}
            placeholder={t.queryHint}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button type="submit" leftSection={<Search size={14} aria-hidden />}>
            {t.find}
          </Button>
        </Group>
      </form>
      {q && (
        <Await query={query}>
          {(found) => (
            <Stack gap="sm">
              <Text size="sm" c="dimmed">
                {found.length ? `${t.found(f.number(found.length))}. ${t.foundNote}` : t.nothing}
              </Text>
              {found.map((passage, index) => (
                <PassageCard key={passage.chunk.id} passage={passage} number={index + 1} />
              ))}
            </Stack>
          )}
        </Await>
      )}
    </Stack>
  );
}
