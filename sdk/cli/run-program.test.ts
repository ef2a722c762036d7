// Programs that are run for a command: how they end, what they see, and how they are ended.

import { expect, test } from "vitest";
import { type ProgramOptions, runProgram } from "./run-program.ts";

const run = (script: string, options: Partial<ProgramOptions> = {}) =>
  runProgram([process.execPath, "-e", script], {
    environment: {},
    signal: new AbortController().signal,
    killAfterMs: 60_000,
    ...options,
  });

test("its exit code is answered, and its environment has more", async () => {
  expect(await run("process.exit(7)")).toBe(7);
  const script = "process.exit(process.env.A === 'b' && process.env.PATH ? 0 : 1)";
  expect(await run(script, { environment: { A: "b" } })).toBe(0);
});

test("it is asked to end when told so, and killed when it does not listen", async () => {
  const wait = "setTimeout(() => {}, 60_000)";
  expect(await run(wait, { signal: AbortSignal.timeout(50) })).toBe(128 + 15);
  expect(await run(wait, { signal: AbortSignal.abort() })).toBe(128 + 15);
  // Not before it can be deaf: it says so by being there for a second signal.
  const deaf = `process.on("SIGTERM", () => {}); ${wait}`;
  const ended = await run(deaf, { signal: AbortSignal.timeout(1500), killAfterMs: 50 });
  expect([128 + 9, 128 + 15]).toContain(ended);
});

test("it has a channel to this process where it is to have one", async () => {
  const script = "process.exit(process.connected ? 5 : 6)";
  expect(await run(script, { hasChannel: true })).toBe(5);
  expect(await run(script)).toBe(6);
});

test("one that cannot be started is told by name", async () => {
  const options = { environment: {}, signal: new AbortController().signal, killAfterMs: 1 };
  await expect(runProgram(["/no/such/program"], options)).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("cannot run /no/such/program"),
  });
});
