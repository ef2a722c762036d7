// Lines do not tear the progress bar, and a reader that went away is told apart from a failure.

import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import { ReaderGone } from "./ports.ts";
import { consoleTo, createTerminal, type OutputStream } from "./terminal.ts";

function stream(isTerminal: boolean): { stream: OutputStream; text: () => string } {
  const through = Object.assign(new PassThrough(), { isTTY: isTerminal, columns: 60 });
  // Newer Node versions answer one chunk at a time.
  const text = (): string => {
    let all = "";
    for (let chunk = through.read(); chunk !== null; chunk = through.read()) all += String(chunk);
    return all;
  };
  return { stream: through, text };
}

test("a note takes the place of the bar", () => {
  const errors = stream(true);
  const terminal = createTerminal(stream(false).stream, errors.stream, () => 0);
  terminal.progress.write("\r\x1b[2K50 %");
  consoleTo(terminal.note).log("half");
  terminal.note("done\n");
  expect(errors.text()).toBe("\r\x1b[2K50 %\r\x1b[2Khalf\ndone\n");
});

test("results and notes go to different streams", async () => {
  const out = stream(false);
  const errors = stream(false);
  const terminal = createTerminal(out.stream, errors.stream, () => 0);
  await terminal.print("row\n");
  terminal.progress.write("50 %\n");
  await terminal.flushed();
  expect([out.text(), errors.text()]).toEqual(["row\n", "50 %\n"]);
});

test.each([
  ["EPIPE", ReaderGone],
  ["EIO", Error],
])("a write that fails with %s", async (code, kind) => {
  const failing = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  });
  const terminal = createTerminal(failing, stream(false).stream, () => 0);
  const failure = await terminal.print("row\n").catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(kind);
  expect(failure instanceof ReaderGone).toBe(code === "EPIPE");
});
