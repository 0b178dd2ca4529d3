import { Alert, Group, Stack, Text, Title } from "@mantine/core";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { UNKNOWN, useFormats } from "@/app/i18n/format";
import { LocationLink } from "@/components/EntityLink";
import { Panel } from "@/components/Page";
import { ErrorAlert } from "@/components/QueryBoundary";
import { Status } from "@/components/Status";
import { ThumbButtons } from "@/components/span/FeedbackControls";
import { headingPath } from "../search";
import { PassageCard } from "../search/PassageCard";
import { answerParts, type Exchange, splitAtCitations } from "./answer";
import c from "./ask.module.css";

type Answer = Schema["RagAnswer"];
type Citation = Schema["Citation"];
const STATUS_TONES = { supported: "ok", unsupported: "cancelled", contradicted: "error", unverified: "pending" };

/** Return the place of a citation: the document page with the quote highlighted. */
const quoteLocation = (base: string, { document_id, start, end }: Citation) => ({
  to: `/knowledge/${encodeURIComponent(base)}/documents/${document_id}`,
  search: { start, end },
});

/** Show the text of an answer. Citations link to the quoted passage, unsupported sentences are underlined. */
function AnswerText({ base, answer }: { base: string; answer: Answer }) {
  const t = useMessages().knowledge;
  return (
    <div className={c.answer}>
      {answerParts(answer).map(({ text, start, check, citations }) => (
        <span
          key={start}
          className={c.sentence}
          data-status={check?.status}
          title={
            check && check.status !== "supported" ? [t.statuses[check.status], ...check.reasons].join(": ") : undefined
          }
        >
          {splitAtCitations(text).map((piece, index) => {
            const key = `${start}-${index}`;
            if (typeof piece === "string") return piece;
            const citation =
              citations.find((one) => one.number === piece) ?? answer.citations?.find((one) => one.number === piece);
            if (!citation) return `[${piece}]`;
            return (
              <LocationLink key={key} {...quoteLocation(base, citation)}>
                [{piece}]
              </LocationLink>
            );
          })}
        </span>
      ))}
    </div>
  );
}

function Citations({ base, citations }: { base: string; citations: Citation[] }) {
  const t = useMessages().knowledge;
  const f = useFormats();
  return (
    <Panel title={t.citations}>
      <ol className={c.citations}>
        {citations.map((citation) => (
          <li key={`${citation.number} ${citation.answer_start} ${citation.start}`}>
            <span className={`${c.number} num`}>{f.number(citation.number)}</span>
            <span>
              <LocationLink {...quoteLocation(base, citation)}>
                {headingPath(citation.title || citation.path, citation.heading)}
              </LocationLink>
              <Text span size="xs" c="dimmed">
                {citation.page ? ` · ${t.doc.page(f.number(citation.page))}` : ""} ·{" "}
                {citation.stated ? t.stated : t.foundByComparison}
              </Text>
            </span>
            <span className={c.quote}>{citation.quote}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function Verification({ sentences }: { sentences: Schema["SentenceCheck"][] }) {
  const t = useMessages().knowledge;
  const f = useFormats();
  return (
    <Panel title={t.verification}>
      <section className={c.scroll} tabIndex={0} aria-label={t.verification}>
        <table className={c.checks}>
          <thead>
            <tr>
              {[t.sentence, t.status, t.passage, t.coverage, t.similarity, t.reasons].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sentences.map((check) => (
              <tr key={check.start}>
                <td>{check.text}</td>
                <td className={c.narrow}>
                  <Status state={STATUS_TONES[check.status]} label={t.statuses[check.status]} />
                </td>
                <td className="num">{check.number ? `[${f.number(check.number)}]` : UNKNOWN}</td>
                <td className="num">{f.percent(check.coverage, 0)}</td>
                <td className="num">{f.fixed(check.similarity, 2)}</td>
                <td>{check.reasons.join(", ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

function AnswerDetails({ base, answer }: { base: string; answer: Answer }) {
  const t = useMessages().knowledge;
  return (
    <>
      {(answer.citations ?? []).length > 0 && <Citations base={base} citations={answer.citations ?? []} />}
      {(answer.sentences ?? []).length > 0 && <Verification sentences={answer.sentences ?? []} />}
      {(answer.warnings ?? []).length > 0 && (
        <Alert color="yellow" title={t.warnings}>
          {answer.warnings?.map((warning) => (
            <Text key={warning} size="sm">
              {warning}
            </Text>
          ))}
        </Alert>
      )}
    </>
  );
}

/** Show a question of a conversation with its answer, citations, verification and passages. */
export function ExchangeView({ base, exchange, isLatest }: { base: string; exchange: Exchange; isLatest: boolean }) {
  const t = useMessages().knowledge;
  const { answer, draft, error, passages, question, searched } = exchange;
  const feedbackSpan = answer?.answer_id ?? answer?.span_id;
  return (
    <Stack gap="md" component="article" aria-label={question}>
      <Panel>
        <Stack gap={8}>
          <div className={c.question}>{question}</div>
          {searched !== question && (
            <Text size="xs" c="dimmed">
              {t.rewritten(searched)}
            </Text>
          )}
          {answer && !answer.answered && (
            <Alert color="yellow" title={t.unanswered}>
              {answer.text}
              {answer.rejected_text && (
                <details>
                  <summary>{t.rejected}</summary>
                  <div className={c.answer}>{answer.rejected_text}</div>
                </details>
              )}
            </Alert>
          )}
          {answer?.answered && <AnswerText base={base} answer={answer} />}
          {!answer && draft && (
            <div>
              <div className={`${c.answer} ${c.draft}`} aria-live="polite">
                {draft}
              </div>
              <Text size="xs" c="dimmed" mt={4}>
                {t.verifying}
              </Text>
            </div>
          )}
          {!answer && !draft && !error && (
            <Text size="sm" c="dimmed" role="status">
              {t.asking}
            </Text>
          )}
          {answer && (
            <Group gap="lg">
              {answer.model && (
                <Text size="xs" c="dimmed">
                  {answer.model}
                </Text>
              )}
              {answer.span_id && (
                <Text size="xs">
                  <LocationLink to="/traces" search={{ span: answer.answer_id ?? answer.span_id }}>
                    {t.trace}
                  </LocationLink>
                </Text>
              )}
              {feedbackSpan && isLatest && <ThumbButtons span={feedbackSpan} />}
            </Group>
          )}
        </Stack>
      </Panel>
      {error !== undefined && <ErrorAlert error={error} title={t.failed} flush />}
      {answer && <AnswerDetails base={base} answer={answer} />}
      {isLatest && passages.length > 0 && (
        <Stack gap="sm">
          <Title order={2}>{t.sources}</Title>
          {passages.map((passage, index) => (
            <PassageCard key={passage.chunk.id} base={base} passage={passage} number={index + 1} />
          ))}
        </Stack>
      )}
    </Stack>
  );
}
