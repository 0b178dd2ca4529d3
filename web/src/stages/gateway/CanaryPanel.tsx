import { Alert, Button, Group, Slider, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Undo2 } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Confirm } from "@/components/Confirm";
import { Meter } from "@/components/charts/Bars";
import { LineChart } from "@/components/charts/Line";
import { EntityLink } from "@/components/EntityLink";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { ReasonDialog } from "@/components/ReasonDialog";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { evidenceProgress, historyCurves } from "./canary";
import c from "./gateway.module.css";
import { canaryQuery } from "./queries";

type Verdict = "promote" | "roll_back";

/**
 * Show the candidate's share as a slider. Changing it restarts the test, because scores are only compared at one share.
 */
function ShareSlider({ canary }: { canary: Schema["Canary"] }) {
  const t = useMessages().gateway.canary;
  const f = useFormats();
  const client = useQueryClient();
  const [percent, setPercent] = useState(Math.round(canary.share * 100));
  const isChanged = percent !== Math.round(canary.share * 100);
  const changeShare = useMutation({
    mutationFn: () =>
      unwrap(
        api.PUT("/api/v1/loop/canaries/{id}/traffic", {
          params: { path: { id: canary.id } },
          body: { share: percent / 100 },
        }),
      ),
    onSuccess: (updated) => notifySuccess(t.shareNow(f.percent(updated.share))),
    onError: notifyError,
    onSettled: () => client.invalidateQueries({ queryKey: ["gateway"] }),
  });
  return (
    <div>
      <Text size="sm" fw={500} mb={2}>
        {t.shareOf(canary.candidate)}
      </Text>
      <div className={c.slider}>
        <Slider
          min={1}
          max={99}
          value={percent}
          onChange={setPercent}
          label={(value) => f.percent(value / 100)}
          thumbLabel={t.shareOf(canary.candidate)}
          marks={[{ value: 25 }, { value: 50 }, { value: 75 }]}
        />
        <Text className="num" fw={600} ta="right">
          {f.percent(percent / 100)}
        </Text>
        <Confirm
          title={t.shareTitle(f.percent(percent / 100))}
          text={t.shareText}
          label={t.shareApply}
          onConfirm={() => changeShare.mutate()}
        >
          {(openDialog) => (
            <Button
              size="xs"
              variant="light"
              disabled={!isChanged}
              loading={changeShare.isPending}
              onClick={openDialog}
            >
              {t.shareApply}
            </Button>
          )}
        </Confirm>
      </div>
    </div>
  );
}

/** Show buttons to decide a canary manually. A reason is required and stored. */
function DecisionButtons({ canary }: { canary: Schema["Canary"] }) {
  const t = useMessages().gateway.canary;
  const client = useQueryClient();
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const decide = useMutation({
    mutationFn: (decision: { verdict: Verdict; reason: string }) =>
      unwrap(api.POST("/api/v1/loop/canaries/{id}/decision", { params: { path: { id: canary.id } }, body: decision })),
    onSuccess: (updated) => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      notifySuccess(t.status[updated.status]);
      setVerdict(null);
    },
    onError: notifyError,
  });
  return (
    <>
      <Button
        size="xs"
        variant="light"
        color="red"
        leftSection={<Undo2 size={14} aria-hidden />}
        onClick={() => setVerdict("roll_back")}
      >
        {t.rollBack}
      </Button>
      <Button size="xs" leftSection={<Check size={14} aria-hidden />} onClick={() => setVerdict("promote")}>
        {t.promote}
      </Button>
      <ReasonDialog
        key={verdict}
        opened={verdict !== null}
        title={verdict === "promote" ? t.promoteTitle(canary.candidate) : t.rollBackTitle}
        text={verdict === "promote" ? t.promoteText : t.rollBackText}
        label={verdict === "promote" ? t.promote : t.rollBack}
        danger={verdict !== "promote"}
        loading={decide.isPending}
        onClose={() => setVerdict(null)}
        onConfirm={(reason) => verdict && decide.mutate({ verdict, reason })}
      />
    </>
  );
}

/** Show both means, and their difference with its interval around 0. */
function MeanComparison({ canary }: { canary: Schema["Canary"] }) {
  const t = useMessages().gateway.canary;
  const f = useFormats();
  const {
    candidate,
    incumbent,
    difference,
    low = -1,
    high = 1,
    candidate_scores: candidateScores,
    incumbent_scores: incumbentScores,
  } = canary.evidence;
  const toPercent = (value: number) => `${((value + 1) / 2) * 100}%`;
  return (
    <div className={c.sides}>
      {[
        { name: t.theCandidate, value: candidate, scores: candidateScores, color: "--series-1" },
        { name: t.theIncumbent, value: incumbent, scores: incumbentScores, color: "--series-6" },
      ].map(({ name, value, scores, color }) => (
        <div key={name} className={c.side}>
          <span>{name}</span>
          <Meter value={value ?? 0} label={t.meanOf(name, f.fixed(value, 3), f.number(scores))} color={color} />
          <span className="num" style={{ textAlign: "right" }}>
            {f.fixed(value, 3)}
          </span>
        </div>
      ))}
      <div>
        <Text size="sm" className="num">
          {t.difference(f.number(difference, 3), f.number(low, 3), f.number(high, 3), f.percent(1 - canary.alpha, 0))}
        </Text>
        <div className={c.zero} aria-hidden>
          <i />
          <span style={{ left: toPercent(low), width: `${((high - low) / 2) * 100}%` }} />
          {difference !== null && difference !== undefined && <b style={{ left: toPercent(difference) }} />}
        </div>
        <div className={c.ends}>
          <span>{t.worse}</span>
          <span>0</span>
          <span>{t.better}</span>
        </div>
      </div>
    </div>
  );
}

function TestHistory({ canary }: { canary: Schema["Canary"] }) {
  const t = useMessages().gateway.canary;
  const f = useFormats();
  const curves = historyCurves(canary);
  const threshold = { label: t.threshold(f.number(canary.evidence.threshold)), color: "--bad" };
  return (
    <div className={c.charts}>
      <div>
        <Title order={3} mb={6}>
          {t.evidence}
        </Title>
        <LineChart
          x={curves.x}
          integer
          label={t.evidence}
          log
          height={200}
          series={[
            { label: t.evidenceFor, values: curves.better, color: "--series-3" },
            { label: t.evidenceAgainst, values: curves.worse, color: "--series-2" },
            { ...threshold, values: curves.threshold, points: false },
          ]}
        />
      </div>
      <div>
        <Title order={3} mb={6}>
          {t.differenceTitle}
        </Title>
        <LineChart
          x={curves.x}
          integer
          label={t.differenceTitle}
          height={200}
          series={[
            { label: t.theDifference, values: curves.difference, color: "--series-1" },
            { label: t.low, values: curves.low, color: "--series-6", points: false },
            { label: t.high, values: curves.high, color: "--series-6", points: false },
          ]}
        />
      </div>
    </div>
  );
}

function CanaryTest({ canary }: { canary: Schema["Canary"] }) {
  const t = useMessages().gateway.canary;
  const f = useFormats();
  const { evidence, status } = canary;
  const isRunning = status === "running";
  return (
    <Panel
      title={
        <Group gap="sm" component="span">
          {t.title} <Status state={status} label={t.status[status]} />
        </Group>
      }
      actions={isRunning && <DecisionButtons canary={canary} />}
    >
      <Stack gap="md">
        {canary.reason && (
          <Alert variant="default">
            {canary.reason}
            <Text size="xs" mt={2}>
              {canary.decided_by === "evidence" ? t.byEvidence : t.decidedBy(canary.decided_by ?? "–")}{" "}
              <RelativeTime at={canary.decided_at} />
            </Text>
          </Alert>
        )}
        {isRunning && <ShareSlider key={canary.share} canary={canary} />}
        <Stats
          items={[
            {
              label: t.candidate,
              value: (
                <EntityLink kind="deployment" entityRef={canary.candidate.replace(/^deployment\//, "")}>
                  {canary.candidate}
                </EntityLink>
              ),
              note: t.trafficShare(f.percent(canary.share)),
            },
            {
              label: t.pairs,
              value: f.number(evidence.pairs),
              note: t.pairsOf(f.number(canary.min_pairs), f.number(canary.max_pairs)),
            },
            {
              label: t.scores,
              value: f.number(evidence.candidate_scores + evidence.incumbent_scores),
              note: t.scoresOf(f.number(evidence.candidate_scores), f.number(evidence.incumbent_scores)),
            },
            {
              label: t.evidenceFor,
              value: f.number(evidence.e_better, 2),
              note: (
                <Meter
                  value={evidenceProgress(evidence.e_better ?? 1, evidence.threshold)}
                  label={t.ofThreshold(f.number(evidence.e_better, 2), f.number(evidence.threshold))}
                  color="--series-3"
                />
              ),
            },
            {
              label: t.evidenceAgainst,
              value: f.number(evidence.e_worse, 2),
              note: (
                <Meter
                  value={evidenceProgress(evidence.e_worse ?? 1, evidence.threshold)}
                  label={t.ofThreshold(f.number(evidence.e_worse, 2), f.number(evidence.threshold))}
                  color="--series-2"
                />
              ),
            },
            {
              label: t.thresholdLabel,
              value: f.number(evidence.threshold),
              note: t.thresholdNote(canary.metric, t.goals[canary.goal]),
            },
          ]}
        />
        <MeanComparison canary={canary} />
        {(canary.evidence_history ?? []).length > 0 ? (
          <TestHistory canary={canary} />
        ) : (
          <Text size="sm" c="dimmed">
            {isRunning ? t.noPairsYet(canary.metric) : t.noPairs}
          </Text>
        )}
      </Stack>
    </Panel>
  );
}

/** Show a canary and its test, updated live while it is running. */
export function CanaryPanel({ id }: { id: string }) {
  const query = useQuery(canaryQuery(id));
  return <QueryBoundary query={query}>{(canary) => <CanaryTest canary={canary} />}</QueryBoundary>;
}
