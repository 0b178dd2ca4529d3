import { expect, test } from "vitest";
import { ApiError } from "@/api/client";
import { type Answer, begun, fold, readAnswer } from "./stream";

const EVENTS = { "content-type": "text/event-stream; charset=utf-8", "x-vong-span-id": "span-1" };
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const said = (content: string) => event({ choices: [{ delta: { content } }] });

/** A response whose body comes in exactly these pieces of bytes. */
function streamed(pieces: (string | Uint8Array)[], init: ResponseInit = { headers: EVENTS }): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      controller.close();
    },
  });
  return new Response(body, init);
}

async function read(response: Response) {
  const seen: Answer[] = [];
  let time = 0;
  const answer = await readAnswer(
    response,
    begun("m"),
    (now) => seen.push(now),
    () => ++time,
  );
  return { answer, seen };
}

test("a stream is put together, with its usage, its times and its span", async () => {
  const end = event({ choices: [{ delta: {}, finish_reason: "stop" }] });
  const usage = event({ choices: [], usage: { prompt_tokens: 4, completion_tokens: 2 } });
  const { answer, seen } = await read(streamed([said(""), said("Xin "), said("chào"), end, usage, "data: [DONE]\n\n"]));
  expect(answer).toMatchObject({
    text: "Xin chào",
    input: 4,
    output: 2,
    finish: "stop",
    span: "span-1",
    state: "done",
  });
  expect(answer.first).toBe(2);
  expect(answer.total).toBeGreaterThan(answer.first as number);
  expect(seen.map((now) => now.text)).toContain("Xin ");
});

test("an event and a letter may be cut anywhere", async () => {
  const bytes = new TextEncoder().encode(said("phở"));
  const pieces = [...bytes].map((byte) => new Uint8Array([byte]));
  expect((await read(streamed(pieces))).answer.text).toBe("phở");
});

test("a refusal before the stream keeps the span and says why", async () => {
  const body = JSON.stringify({ error: { message: "no model named 'x'", code: "model_not_found" } });
  const refused = streamed([body], {
    status: 404,
    headers: { "content-type": "application/json", "x-vong-span-id": "span-2" },
  });
  const seen: Answer[] = [];
  const reading = readAnswer(
    refused,
    begun("x"),
    (now) => seen.push(now),
    () => 0,
  );
  await expect(reading).rejects.toMatchObject({ status: 404, title: "no model named 'x'", code: "model_not_found" });
  expect(seen[0]?.span).toBe("span-2");
});

test("an error within the stream ends it as an error", async () => {
  const broken = streamed([said("half"), event({ error: { message: "the provider went away" } })]);
  await expect(read(broken)).rejects.toBeInstanceOf(ApiError);
});

test("an answer that is not streamed is read whole", async () => {
  const whole = { choices: [{ message: { content: "all" }, finish_reason: "stop" }], usage: { prompt_tokens: 1 } };
  const { answer } = await read(
    new Response(JSON.stringify(whole), { headers: { "content-type": "application/json" } }),
  );
  expect(answer).toMatchObject({ text: "all", input: 1, state: "done" });
  expect(answer.output).toBeUndefined();
});

test("tool calls grow piece by piece", () => {
  const part = (index: number, name?: string, args?: string) => ({
    choices: [{ delta: { tool_calls: [{ index, id: name, function: { name: name ?? "", arguments: args ?? "" } }] } }],
  });
  let answer = begun("m");
  for (const chunk of [part(0, "look"), part(0, undefined, '{"a"'), part(0, undefined, ":1}"), part(1, "send")])
    answer = fold(answer, chunk as never, 5);
  expect(answer.tools.map((tool) => tool.function)).toEqual([
    { name: "look", arguments: '{"a":1}' },
    { name: "send", arguments: "" },
  ]);
  expect(answer.first).toBe(5);
});
