import { expect, test } from "vitest";
import { ApiError } from "@/api/client";
import { type Answer, applyChunk, emptyAnswer, readAnswer } from "./stream";

const EVENT_HEADERS = { "content-type": "text/event-stream; charset=utf-8", "x-vong-span-id": "span-1" };
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const contentEvent = (content: string) => event({ choices: [{ delta: { content } }] });

/** Return a response whose body arrives in the given pieces. */
function streamResponse(parts: (string | Uint8Array)[], init: ResponseInit = { headers: EVENT_HEADERS }): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(typeof part === "string" ? encoder.encode(part) : part);
      controller.close();
    },
  });
  return new Response(body, init);
}

async function read(response: Response) {
  const states: Answer[] = [];
  let time = 0;
  const answer = await readAnswer(
    response,
    emptyAnswer("m"),
    (state) => states.push(state),
    () => ++time,
  );
  return { answer, seen: states };
}

test("a stream is assembled with usage, times and span id", async () => {
  const end = event({ choices: [{ delta: {}, finish_reason: "stop" }] });
  const usage = event({ choices: [], usage: { prompt_tokens: 4, completion_tokens: 2 } });
  const { answer, seen: states } = await read(
    streamResponse([contentEvent(""), contentEvent("Xin "), contentEvent("chào"), end, usage, "data: [DONE]\n\n"]),
  );
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
  expect(states.map((state) => state.text)).toContain("Xin ");
});

test("events and characters may be split across chunks", async () => {
  const bytes = new TextEncoder().encode(contentEvent("phở"));
  const parts = [...bytes].map((byte) => new Uint8Array([byte]));
  expect((await read(streamResponse(parts))).answer.text).toBe("phở");
});

test("an error response before the stream keeps the span id and reports the reason", async () => {
  const body = JSON.stringify({ error: { message: "no model named 'x'", code: "model_not_found" } });
  const rejected = streamResponse([body], {
    status: 404,
    headers: { "content-type": "application/json", "x-vong-span-id": "span-2" },
  });
  const states: Answer[] = [];
  const pending = readAnswer(
    rejected,
    emptyAnswer("x"),
    (state) => states.push(state),
    () => 0,
  );
  await expect(pending).rejects.toMatchObject({ status: 404, title: "no model named 'x'", code: "model_not_found" });
  expect(states[0]?.span).toBe("span-2");
});

test("an error within the stream is thrown", async () => {
  const brokenStream = streamResponse([contentEvent("half"), event({ error: { message: "the provider went away" } })]);
  await expect(read(brokenStream)).rejects.toBeInstanceOf(ApiError);
});

test("a response that is not streamed is read as a whole", async () => {
  const completeResponse = {
    choices: [{ message: { content: "all" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 1 },
  };
  const { answer } = await read(
    new Response(JSON.stringify(completeResponse), { headers: { "content-type": "application/json" } }),
  );
  expect(answer).toMatchObject({ text: "all", input: 1, state: "done" });
  expect(answer.output).toBeUndefined();
});

test("tool calls are assembled from deltas", () => {
  const toolCallChunk = (index: number, name?: string, args?: string) => ({
    choices: [{ delta: { tool_calls: [{ index, id: name, function: { name: name ?? "", arguments: args ?? "" } }] } }],
  });
  let answer = emptyAnswer("m");
  for (const chunk of [
    toolCallChunk(0, "look"),
    toolCallChunk(0, undefined, '{"a"'),
    toolCallChunk(0, undefined, ":1}"),
    toolCallChunk(1, "send"),
  ])
    answer = applyChunk(answer, chunk as never, 5);
  expect(answer.tools.map((tool) => tool.function)).toEqual([
    { name: "look", arguments: '{"a":1}' },
    { name: "send", arguments: "" },
  ]);
  expect(answer.first).toBe(5);
});
