import { Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useMessages } from "@/app/i18n";
import { Panel } from "@/components/Page";
import { logQuery } from "./queries";
import c from "./serving.module.css";

const MAX_LINES = 300;

/** Show the end of an engine's log. Scrolls along while the user is at the end. */
export function LogTail({ name }: { name: string }) {
  const t = useMessages().serving.log;
  const [follow, setFollow] = useState(true);
  const query = useQuery(logQuery(name, MAX_LINES, follow));
  const scrollRef = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  const lines = query.data?.lines;
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines move the view
  useEffect(() => {
    if (scrollRef.current && atEnd.current) scrollRef.current.scrollTop = scrollRef.current.scrollHeight;
  }, [lines]);
  return (
    <Panel
      title={t.title}
      actions={
        <Switch
          size="xs"
          label={t.follow}
          checked={follow}
          onChange={(event) => setFollow(event.currentTarget.checked)}
        />
      }
    >
      {lines && lines.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t.empty}
        </Text>
      ) : (
        <pre
          ref={scrollRef}
          className={c.log}
          tabIndex={0}
          role="log"
          aria-label={t.title}
          onScroll={({ currentTarget: element }) => {
            atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 30;
          }}
        >
          {lines?.join("\n")}
        </pre>
      )}
    </Panel>
  );
}
