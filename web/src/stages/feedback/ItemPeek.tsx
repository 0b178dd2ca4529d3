import { Button, Kbd, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Activity, PencilLine, RotateCcw } from "lucide-react";
import { useEffect, useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Await, Waiting } from "@/components/Await";
import { Peek, PeekSection } from "@/components/Peek";
import { answerText, messagesOf } from "@/components/span/body";
import { Diff } from "@/components/span/Diff";
import { Correction, Thumbs } from "@/components/span/Judge";
import { scoresQuery, spanQuery } from "@/components/span/queries";
import { Scores } from "@/components/span/Scores";
import { SpanBody } from "@/components/span/SpanBody";
import c from "./Feedback.module.css";
import { Says } from "./Says";

type Item = S["InboxItem"];
type Props = {
  item: Item | undefined;
  opened: boolean;
  /** Whether more of the inbox is being looked through for it. */
  looking?: boolean;
  /** The span of the item that comes next: loaded ahead. */
  next?: string;
  onClose: () => void;
  onStep: (by: 1 | -1) => void;
};

/** One judgement at the side of the inbox: what was asked, what was answered, and what it should have been. */
export function ItemPeek({ item, opened, looking, next, onClose, onStep }: Props) {
  const t = useMessages().feedback.item;
  const client = useQueryClient();
  const id = item?.score.span_id ?? undefined;
  const span = useQuery({ ...spanQuery(id ?? ""), enabled: opened && Boolean(id) });
  useEffect(() => {
    if (!opened || !next) return;
    void client.prefetchQuery(spanQuery(next));
    void client.prefetchQuery(scoresQuery(next));
  }, [client, opened, next]);
  return (
    <Peek opened={opened} onClose={onClose} onStep={onStep} title={item?.span?.name ?? t.title}>
      {item && (
        <div className={c.top}>
          <Says score={item.score} />
          <Text size="xs" c="dimmed">
            {t.keys}
          </Text>
        </div>
      )}
      {!item && opened ? (
        looking ? (
          <Waiting />
        ) : (
          <Text size="sm" c="dimmed">
            {t.missing}
          </Text>
        )
      ) : item && (!item.span || !id) ? (
        <Text size="sm" c="dimmed">
          {t.gone}
        </Text>
      ) : (
        item && (
          <Await query={span} lines={10}>
            {(found) => <Judged key={item.score.id} span={found} score={item.score} />}
          </Await>
        )
      )}
    </Peek>
  );
}

function Judged({ span, score }: { span: S["Span"]; score: S["Score"] }) {
  const t = useMessages().feedback.item;
  const [correcting, correct] = useState(false);
  useHotkeys([["C", () => correct(true)]]);
  const answer = answerText(span.output);
  const others = useQuery(scoresQuery(span.id)).data?.some((one) => one.id !== score.id);
  return (
    <div>
      <div className={c.actions}>
        <Button
          component={Link}
          to="/traces"
          search={{ span: span.id } as never}
          size="xs"
          variant="default"
          leftSection={<Activity size={14} aria-hidden />}
        >
          {t.open}
        </Button>
        {messagesOf(span.input).length > 0 && (
          <Button
            component={Link}
            to="/playground"
            search={{ span: span.id } as never}
            size="xs"
            variant="default"
            leftSection={<RotateCcw size={14} aria-hidden />}
          >
            {t.replay}
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          leftSection={<PencilLine size={14} aria-hidden />}
          rightSection={<Kbd size="xs">C</Kbd>}
          onClick={() => correct(true)}
          aria-expanded={correcting}
        >
          {t.correct}
        </Button>
        <Thumbs span={span.id} keys comment />
      </div>
      {correcting && (
        <div className={c.correction}>
          <Correction span={span.id} answer={score.correction ?? answer} onClose={() => correct(false)} />
        </div>
      )}
      {score.comment && (
        <PeekSection title={t.comment}>
          <Text size="sm">{score.comment}</Text>
        </PeekSection>
      )}
      <PeekSection title={t.input}>
        <SpanBody value={span.input} label={t.input} />
      </PeekSection>
      {score.correction != null ? (
        <PeekSection title={t.diff}>
          <Diff before={answer} after={score.correction} label={t.diff} />
        </PeekSection>
      ) : (
        <PeekSection title={t.answer}>
          <SpanBody value={span.output} label={t.answer} />
        </PeekSection>
      )}
      {others && (
        <PeekSection title={t.others}>
          <Scores span={span} without={score.id} />
        </PeekSection>
      )}
    </div>
  );
}
