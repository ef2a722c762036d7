// The first signal asks, the second one ends.

import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { watchInterrupts } from "./interrupts.ts";

test("the first signal resolves, the second one exits after the last rites", async () => {
  const seen: (string | number)[] = [];
  const source = Object.assign(new EventEmitter(), { exit: (code: number) => seen.push(code) });
  const interrupted = watchInterrupts(source, new Set([() => seen.push("rite")]));
  source.emit("SIGINT", "SIGINT");
  expect(await interrupted).toBe(130);
  expect(seen).toEqual([]);
  source.emit("SIGTERM", "SIGTERM");
  expect(seen).toEqual(["rite", 143]);
});
