import { Alert, Button, Group, Modal, Slider, Stack, Text, Textarea, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Undo2 } from "lucide-react";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { Confirm } from "@/components/Confirm";
import { Meter } from "@/components/charts/Bars";
import { Line } from "@/components/charts/Line";
import { done, failed } from "@/components/notify";
import { Panel, Stats } from "@/components/Page";
import { Status } from "@/components/Status";
import { ThingLink } from "@/components/ThingLink";
import { When } from "@/components/When";
import { progress, trailCurves } from "./canary";
import c from "./gateway.module.css";
import { canary as canaryQuery } from "./queries";

type Verdict = "promote" | "roll_back";

/** The candidate's share, as a slider. Another share begins the test anew: answers are compared at one share only. */
function Share({ canary }: { canary: S["Canary"] }) {
  const t = useMessages().gateway.canary;
  const f = useFormats();
  const client = useQueryClient();
  const [percent, setPercent] = useState(Math.round(canary.share * 100));
  const changed = percent !== Math.round(canary.share * 100);
  const change = useMutation({
    mutationFn: () =>
      ok(
        api.PUT("/api/v1/loop/canaries/{id}/share", {
          params: { path: { id: canary.id } },
          body: { share: percent / 100 },
        }),
      ),
    onSuccess: (now) => done(t.shareNow(f.percent(now.share))),
    onError: failed,
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
          onConfirm={() => change.mutate()}
        >
          {(ask) => (
            <Button size="xs" variant="light" disabled={!changed} loading={change.isPending} onClick={ask}>
              {t.shareApply}
            </Button>
          )}
        </Confirm>
      </div>
    </div>
  );
}

/** Decide by hand, with a reason that is kept. */
function Decide({ canary }: { canary: S["Canary"] }) {
  const t = useMessages().gateway.canary;
  const { app } = useMessages();
  const client = useQueryClient();
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [reason, setReason] = useState("");
  const decide = useMutation({
    mutationFn: (chosen: Verdict) =>
      ok(
        api.POST("/api/v1/loop/canaries/{id}/decide", {
          params: { path: { id: canary.id } },
          body: { verdict: chosen, reason: reason.trim() },
        }),
      ),
    onSuccess: (now) => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      done(t.status[now.status]);
      setVerdict(null);
    },
    onError: failed,
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
      <Modal
        opened={verdict !== null}
        onClose={() => setVerdict(null)}
        title={verdict === "promote" ? t.promoteTitle(canary.candidate) : t.rollBackTitle}
        closeButtonProps={{ "aria-label": app.close }}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (verdict) decide.mutate(verdict);
          }}
        >
          <Text size="sm" mb="sm">
            {verdict === "promote" ? t.promoteText : t.rollBackText}
          </Text>
          <Textarea
            label={t.reason}
            description={t.reasonHint}
            required
            autosize
            minRows={2}
            data-autofocus
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Group justify="flex-end" mt="lg">
            <Button variant="default" onClick={() => setVerdict(null)}>
              {app.cancel}
            </Button>
            <Button
              type="submit"
              color={verdict === "promote" ? undefined : "red"}
              disabled={!reason.trim()}
              loading={decide.isPending}
            >
              {verdict === "promote" ? t.promote : t.rollBack}
            </Button>
          </Group>
        </form>
      </Modal>
    </>
  );
}

/** The two means, and the difference with its interval around nothing. */
function Means({ canary }: { canary: S["Canary"] }) {
  const t = useMessages().gateway.canary;
  const f = useFormats();
  const {
    candidate,
    incumbent,
    difference,
    low = -1,
    high = 1,
    candidate_scores: ours,
    incumbent_scores: theirs,
  } = canary.evidence;
  const place = (value: number) => `${((value + 1) / 2) * 100}%`;
  return (
    <div className={c.sides}>
      {[
        { name: t.theCandidate, value: candidate, scores: ours, color: "--series-1" },
        { name: t.theIncumbent, value: incumbent, scores: theirs, color: "--series-6" },
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
          <span style={{ left: place(low), width: `${((high - low) / 2) * 100}%` }} />
          {difference !== null && difference !== undefined && <b style={{ left: place(difference) }} />}
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

function Trail({ canary }: { canary: S["Canary"] }) {
  const t = useMessages().gateway.canary;
  const f = useFormats();
  const found = trailCurves(canary);
  const threshold = { label: t.threshold(f.number(canary.evidence.threshold)), color: "--bad" };
  return (
    <div className={c.charts}>
      <div>
        <Title order={3} mb={6}>
          {t.evidence}
        </Title>
        <Line
          x={found.x}
          whole
          label={t.evidence}
          log
          height={200}
          series={[
            { label: t.forBetter, values: found.better, color: "--series-3" },
            { label: t.forWorse, values: found.worse, color: "--series-2" },
            { ...threshold, values: found.threshold, points: false },
          ]}
        />
      </div>
      <div>
        <Title order={3} mb={6}>
          {t.differenceTitle}
        </Title>
        <Line
          x={found.x}
          whole
          label={t.differenceTitle}
          height={200}
          series={[
            { label: t.theDifference, values: found.difference, color: "--series-1" },
            { label: t.low, values: found.low, color: "--series-6", points: false },
            { label: t.high, values: found.high, color: "--series-6", points: false },
          ]}
        />
      </div>
    </div>
  );
}

function Test({ canary }: { canary: S["Canary"] }) {
  const t = useMessages().gateway.canary;
  const f = useFormats();
  const { evidence, status } = canary;
  const running = status === "running";
  return (
    <Panel
      title={
        <Group gap="sm" component="span">
          {t.title} <Status state={status} label={t.status[status]} />
        </Group>
      }
      actions={running && <Decide canary={canary} />}
    >
      <Stack gap="md">
        {canary.reason && (
          <Alert variant="default">
            {canary.reason}
            <Text size="xs" mt={2}>
              {canary.decided_by === "evidence" ? t.byEvidence : t.by(canary.decided_by ?? "–")}{" "}
              <When at={canary.decided_at} />
            </Text>
          </Alert>
        )}
        {running && <Share key={canary.share} canary={canary} />}
        <Stats
          items={[
            {
              label: t.candidate,
              value: (
                <ThingLink kind="deployment" of={canary.candidate.replace(/^deployment\//, "")}>
                  {canary.candidate}
                </ThingLink>
              ),
              note: t.sends(f.percent(canary.share)),
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
              label: t.forBetter,
              value: f.number(evidence.e_better, 2),
              note: (
                <Meter
                  value={progress(evidence.e_better ?? 1, evidence.threshold)}
                  label={t.ofThreshold(f.number(evidence.e_better, 2), f.number(evidence.threshold))}
                  color="--series-3"
                />
              ),
            },
            {
              label: t.forWorse,
              value: f.number(evidence.e_worse, 2),
              note: (
                <Meter
                  value={progress(evidence.e_worse ?? 1, evidence.threshold)}
                  label={t.ofThreshold(f.number(evidence.e_worse, 2), f.number(evidence.threshold))}
                  color="--series-2"
                />
              ),
            },
            {
              label: t.decides,
              value: f.number(evidence.threshold),
              note: t.decidesNote(canary.metric, t.goals[canary.goal]),
            },
          ]}
        />
        <Means canary={canary} />
        {(canary.trail ?? []).length > 0 ? (
          <Trail canary={canary} />
        ) : (
          <Text size="sm" c="dimmed">
            {running ? t.waiting(canary.metric) : t.noPairs}
          </Text>
        )}
      </Stack>
    </Panel>
  );
}

/** A canary and its test, live while it runs. */
export function CanaryPanel({ id }: { id: string }) {
  const query = useQuery(canaryQuery(id));
  return <Await query={query}>{(canary) => <Test canary={canary} />}</Await>;
}
