import { Button, Kbd, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Activity, PencilLine, RotateCcw } from "lucide-react";
import { useEffect, useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { LoadingPlaceholder, QueryBoundary } from "@/components/QueryBoundary";
import { SidePanel, SidePanelSection } from "@/components/SidePanel";
import { correctableText, requestMessages } from "@/components/span/body";
import { Diff } from "@/components/span/Diff";
import { CorrectionEditor, ThumbButtons } from "@/components/span/FeedbackControls";
import { scoresQuery, spanQuery } from "@/components/span/queries";
import { Scores } from "@/components/span/Scores";
import { SpanBody } from "@/components/span/SpanBody";
import c from "./Feedback.module.css";
import { ScoreSummary } from "./ScoreSummary";

type Item = Schema["InboxItem"];
type Props = {
  item: Item | undefined;
  opened: boolean;
  /** Set while more pages of the inbox are loaded to find the item. */
  isSearching?: boolean;
  /** Span of the next item, prefetched. */
  nextSpanId?: string;
  onClose: () => void;
  onStep: (by: 1 | -1) => void;
};

/** Show one score in the side panel: input, answer and correction. */
export function ItemSidePanel({ item, opened, isSearching, nextSpanId, onClose, onStep }: Props) {
  const t = useMessages().feedback.item;
  const client = useQueryClient();
  const id = item?.score.span_id ?? undefined;
  const span = useQuery({ ...spanQuery(id ?? ""), enabled: opened && Boolean(id) });
  useEffect(() => {
    if (!opened || !nextSpanId) return;
    void client.prefetchQuery(spanQuery(nextSpanId));
    void client.prefetchQuery(scoresQuery(nextSpanId));
  }, [client, opened, nextSpanId]);
  return (
    <SidePanel opened={opened} onClose={onClose} onStep={onStep} title={item?.span?.name ?? t.title}>
      {item && (
        <div className={c.top}>
          <ScoreSummary score={item.score} />
          <Text size="xs" c="dimmed">
            {t.keys}
          </Text>
        </div>
      )}
      {!item && opened ? (
        isSearching ? (
          <LoadingPlaceholder />
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
          <QueryBoundary query={span} lines={10}>
            {(loadedSpan) => <ScoredSpan key={item.score.id} span={loadedSpan} score={item.score} />}
          </QueryBoundary>
        )
      )}
    </SidePanel>
  );
}

function ScoredSpan({ span, score }: { span: Schema["Span"]; score: Schema["Score"] }) {
  const t = useMessages().feedback.item;
  const [isCorrecting, setIsCorrecting] = useState(false);
  useHotkeys([["C", () => setIsCorrecting(true)]]);
  const answer = correctableText(span.output);
  const hasOtherScores = useQuery(scoresQuery(span.id)).data?.some((other) => other.id !== score.id);
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
        {requestMessages(span.input).length > 0 && (
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
          onClick={() => setIsCorrecting(true)}
          aria-expanded={isCorrecting}
        >
          {t.correct}
        </Button>
        <ThumbButtons span={span.id} hotkeys comment />
      </div>
      {isCorrecting && (
        <div className={c.correction}>
          <CorrectionEditor span={span.id} answer={score.correction ?? answer} onClose={() => setIsCorrecting(false)} />
        </div>
      )}
      {score.comment && (
        <SidePanelSection title={t.comment}>
          <Text size="sm">{score.comment}</Text>
        </SidePanelSection>
      )}
      <SidePanelSection title={t.input}>
        <SpanBody value={span.input} label={t.input} />
      </SidePanelSection>
      {score.correction != null ? (
        <SidePanelSection title={t.diff}>
          <Diff before={answer} after={score.correction} label={t.diff} />
        </SidePanelSection>
      ) : (
        <SidePanelSection title={t.answer}>
          <SpanBody value={span.output} label={t.answer} />
        </SidePanelSection>
      )}
      {hasOtherScores && (
        <SidePanelSection title={t.others}>
          <Scores span={span} excludedScoreId={score.id} />
        </SidePanelSection>
      )}
    </div>
  );
}
