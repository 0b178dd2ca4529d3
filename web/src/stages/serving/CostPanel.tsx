import { Alert, Group, Table, Text } from "@mantine/core";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { LocationLink } from "@/components/EntityLink";
import { Facts, Panel } from "@/components/Page";
import type { Quantization, ScoredSplit, Scores } from "./deployment";
import c from "./serving.module.css";

function SplitScores({ scored }: { scored: ScoredSplit }) {
  const t = useMessages().serving.cost;
  const f = useFormats();
  const signed = (value: number) => `${value > 0 ? "+" : ""}${f.number(value, 3)}`;
  return (
    <>
      <Group justify="space-between" mt="sm" gap={4}>
        <Text size="sm" fw={600}>
          {t.on(scored.dataset, scored.split, f.number(scored.examples))}
        </Text>
        {scored.reference_run && (
          <LocationLink to="/evals/compare" search={{ a: scored.reference_run, b: scored.deployed_run }}>
            {t.compare}
          </LocationLink>
        )}
      </Group>
      <Table.ScrollContainer minWidth={260}>
        <Table verticalSpacing={3} fz="xs" w="100%" style={{ display: "table" }}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th ta="left">{t.metric}</Table.Th>
              <Table.Th ta="right">{t.reference}</Table.Th>
              <Table.Th ta="right">{t.deployed}</Table.Th>
              <Table.Th ta="right">{t.difference}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {Object.entries(scored.metrics).map(([metric, one]) => (
              <Table.Tr key={metric}>
                <Table.Td className="mono">{metric}</Table.Td>
                <Table.Td ta="right">{f.number(one.reference, 3)}</Table.Td>
                <Table.Td ta="right">{f.number(one.deployed, 3)}</Table.Td>
                <Table.Td ta="right" c={one.high != null && one.high < 0 ? "red" : undefined}>
                  {one.difference == null || one.low == null || one.high == null ? (
                    "–"
                  ) : (
                    <>
                      {signed(one.difference)}
                      <Text size="xs" c="dimmed" className={c.interval}>
                        {t.interval(signed(one.low), signed(one.high))}
                      </Text>
                    </>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}

/** Show what quantized weights change: greedy texts, log-probabilities, and scores with intervals. */
export function CostPanel({ quantization, scores }: { quantization: Quantization | null; scores: Scores | null }) {
  const t = useMessages().serving.cost;
  const f = useFormats();
  if (!quantization && !scores) return null;
  return (
    <Panel title={t.title}>
      {quantization && (
        <Facts
          items={[
            [t.greedy, f.percent(quantization.greedy_agreement)],
            [t.sameToken, f.percent(quantization.same_choice)],
            [
              t.logprobs,
              t.meanAndMaximum(f.number(quantization.mean_difference, 3), f.number(quantization.largest_difference, 3)),
            ],
            [t.texts, t.of(f.number(quantization.greedy_equal), f.number(quantization.conversations))],
            [t.underLoad, t.of(f.number(quantization.concurrent_equal), f.number(quantization.conversations))],
          ]}
        />
      )}
      {scores?.error && (
        <Alert color="red" variant="light" mt="xs">
          {t.notScored}: {scores.error}
        </Alert>
      )}
      {scores?.splits?.map((one) => (
        <SplitScores key={`${one.dataset}/${one.split}`} scored={one} />
      ))}
      {!scores && (
        <Text size="xs" c="dimmed" mt={6}>
          {t.hint}
        </Text>
      )}
    </Panel>
  );
}
