import { Button, Collapse, Group, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ChevronDown, ChevronUp, Search } from "lucide-react";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { QueryBoundary } from "@/components/QueryBoundary";
import c from "../knowledge.module.css";
import { searchQuery } from "../queries";
import { parseFilter, type RetrievalSearch } from "../search";
import { PassageCard } from "./PassageCard";
import { SearchOptions } from "./SearchOptions";
import { stepScores } from "./steps";

const page = getRouteApi("/knowledge/$base");
const OPTION_NAMES = ["mode", "fusion", "index", "limit", "diversity", "neighbours", "rerank", "filter"] as const;

/** Return the part of the search parameters that describes a search. */
function readSearch(search: RetrievalSearch): RetrievalSearch {
  const entries = (["q", ...OPTION_NAMES] as const).map((name) => [name, search[name]]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Return the message of an error about the filter, which is shown at its field. */
const filterErrorOf = (error: unknown) =>
  error instanceof ApiError && /\bfilter\b/.test(error.title)
    ? [error.title, error.hint].filter(Boolean).join(". ")
    : undefined;

/** Test retrieval: show the passages that match a question, with the score of each step. */
export function SearchTab({ base }: { base: string }) {
  const t = useMessages().knowledge;
  const f = useFormats();
  const current = readSearch(page.useSearch());
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const [draft, setDraft] = useState(current);
  const [open, setOpen] = useState(OPTION_NAMES.some((name) => current[name] !== undefined));
  const query = useQuery(searchQuery(base, current));
  const filterError = filterErrorOf(query.error);
  return (
    <Stack gap="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (parseFilter(draft.filter ?? "") === null) return;
          const cleared = Object.fromEntries(OPTION_NAMES.map((name) => [name, undefined]));
          void navigate({ search: (previous) => ({ ...previous, ...cleared, ...draft }), replace: true });
        }}
      >
        <Stack gap="sm">
          <Group align="flex-end" gap="sm">
            <TextInput
              style={{ flex: "1 1 220px" }}
              label={t.query}
              placeholder={t.queryHint}
              value={draft.q ?? ""}
              onChange={(event) => {
                const q = event.currentTarget.value;
                setDraft((previous) => ({ ...previous, q }));
              }}
            />
            <Button
              variant="default"
              aria-expanded={open}
              rightSection={open ? <ChevronUp size={14} aria-hidden /> : <ChevronDown size={14} aria-hidden />}
              onClick={() => setOpen(!open)}
            >
              {t.options}
            </Button>
            <Button type="submit" leftSection={<Search size={14} aria-hidden />} disabled={!draft.q?.trim()}>
              {t.find}
            </Button>
          </Group>
          <Collapse expanded={open}>
            <SearchOptions
              base={base}
              values={draft}
              filterError={filterError}
              onChange={(changes) => setDraft((previous) => ({ ...previous, ...changes }))}
            />
          </Collapse>
        </Stack>
      </form>
      {!current.q && (
        <div className={c.empty}>
          <Text size="sm" c="dimmed" maw={460}>
            {t.searchEmpty}
          </Text>
        </div>
      )}
      {current.q && !filterError && (
        <QueryBoundary query={query}>
          {(passages) => {
            const scores = stepScores(passages);
            return (
              <Stack gap="sm">
                {passages.length ? (
                  <Text size="sm" c="dimmed">
                    {t.found(f.number(passages.length))}. {t.foundNote}
                  </Text>
                ) : (
                  <div className={c.empty}>
                    <Text fw={600}>{t.noResults}</Text>
                    <Text size="sm" c="dimmed">
                      {t.noResultsHint}
                    </Text>
                  </div>
                )}
                {passages.map((passage, index) => (
                  <PassageCard
                    key={passage.chunk.id}
                    base={base}
                    passage={passage}
                    number={index + 1}
                    scores={scores[index]}
                  />
                ))}
              </Stack>
            );
          }}
        </QueryBoundary>
      )}
    </Stack>
  );
}
