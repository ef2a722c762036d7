// Digests are stable, spread, and name the first node that differs.

import fc from "fast-check";
import { expect, test } from "vitest";
import { digestText, firstDifference, planDigest } from "./digest.ts";
import type { Action, LogicalNode } from "./logical.ts";

const read: LogicalNode = { kind: "readText", id: 0, pattern: "file:///in" };
const mapped: LogicalNode = { kind: "map", id: 1, input: read };
const count = (input: LogicalNode): Action => ({ kind: "count", input });

test("digests of texts are stable and spread", () => {
  expect(digestText("")).toBe(digestText(""));
  expect(digestText("millrace")).toMatchInlineSnapshot(`"a65ab553f6088fc4"`);
  const digests = new Set<string>();
  for (let i = 0; i < 20_000; i++) digests.add(digestText(`file:///in/${i}`).slice(0, 8));
  expect(digests.size).toBeGreaterThan(19_990);
});

test("one changed character changes the digest", () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1, maxLength: 1 }), (text, character) => {
      expect(digestText(text + character)).not.toBe(digestText(text));
    }),
  );
});

test("a plan's digest names each node and the action", () => {
  expect(planDigest(count(mapped)).replaceAll(/:[0-9a-f]{8}/g, ":*")).toBe(
    "readText#0:*/map#1:*/count:*",
  );
});

test("the first difference is named", () => {
  const digest = planDigest(count(mapped));
  expect(firstDifference(digest, digest)).toBeUndefined();
  const filtered = planDigest(count({ kind: "filter", id: 1, input: read }));
  expect(firstDifference(digest, filtered)).toBe(
    "where map#1 was planned at first, there is now filter#1",
  );
  const elsewhere = planDigest(count({ ...mapped, input: { ...read, pattern: "file:///b" } }));
  expect(firstDifference(digest, elsewhere)).toBe("readText#0 has other arguments than at first");
  const shorter = planDigest(count(read));
  expect(firstDifference(digest, shorter)).toMatch(/map#1 was planned at first.*now count/);
  expect(firstDifference(digest, digest.slice(0, digest.lastIndexOf("/")))).toMatch(/now nothing/);
});
