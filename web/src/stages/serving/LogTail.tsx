import { Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useMessages } from "@/app/i18n";
import { Panel } from "@/components/Page";
import { log } from "./queries";
import c from "./serving.module.css";

const LINES = 300;

/** The end of an engine's log, followed while the reader stands at its end. */
export function LogTail({ name }: { name: string }) {
  const t = useMessages().serving.log;
  const [follow, setFollow] = useState(true);
  const query = useQuery(log(name, LINES, follow));
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  const lines = query.data?.lines;
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines move the view
  useEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
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
          ref={box}
          className={c.log}
          tabIndex={0}
          role="log"
          aria-label={t.title}
          onScroll={({ currentTarget: at }) => {
            atEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < 30;
          }}
        >
          {lines?.join("\n")}
        </pre>
      )}
    </Panel>
  );
}
