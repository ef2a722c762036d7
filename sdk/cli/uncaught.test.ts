// Whose failure it is that nobody caught.

import { expect, test } from "vitest";
import type { CompiledJob } from "../client/world.ts";
import { uncaughtFailure } from "./uncaught.ts";

const job = { code: new Uint8Array(), sha256: "abc" } as unknown as CompiledJob;
const locateIn = (_code: Uint8Array, sha256: string) => (thrown: unknown) =>
  String((thrown as Error).stack).includes(sha256) ? { source: "job.ts:1:2" } : {};

function failure(stack: string): Error {
  return Object.assign(new TypeError("oh"), { stack });
}

test("a stray failure of the driver program is the user's, with its place", () => {
  const thrown = failure("TypeError: oh\n    at run (file:///tmp/abc.mjs:1:2)");
  expect(uncaughtFailure(thrown, job, locateIn)).toMatchObject({
    code: "USER_CODE_FAILED",
    message: expect.stringContaining("TypeError: oh"),
    details: { source: "job.ts:1:2" },
  });
});

test("everything else stays what it is", () => {
  const ours = failure("TypeError: oh\n    at connect (file:///dist/main.mjs:1:2)");
  expect(uncaughtFailure(ours, job, locateIn)).toBe(ours);
  expect(uncaughtFailure(ours, undefined, locateIn)).toBe(ours);
  expect(uncaughtFailure("text", job, locateIn)).toBe("text");
});
