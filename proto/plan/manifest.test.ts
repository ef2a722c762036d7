// Manifests are the same bytes whoever writes them, and bad ones are refused.

import { expect, test } from "vitest";
import { createManifest, manifestBytes, parseManifest } from "./manifest.ts";

const files = [
  { name: "part-00000-a.ndjson", rows: 2, bytes: 30, digest: "d0" },
  { name: "part-00001-ä\u{1f600}.ndjson", rows: 1, bytes: 12, digest: "d1" },
];
const of = { jobId: "job-1", actionIndex: 0, format: "ndjson" } as const;

test("totals are sums, and a file listed twice is a mistake", () => {
  expect(createManifest(of, files)).toMatchObject({ version: 1, rows: 3, bytes: 42 });
  expect(() => createManifest(of, [...files, ...files])).toThrow(/twice/);
});

test("bytes do not depend on the order of fields, are ASCII, and read back", () => {
  const manifest = createManifest(of, files);
  const bytes = manifestBytes(manifest);
  const shuffled = Object.fromEntries(Object.entries(manifest).reverse()) as typeof manifest;
  expect(manifestBytes(shuffled)).toEqual(bytes);
  expect(bytes.every((byte) => byte < 0x80)).toBe(true);
  expect(parseManifest(new TextDecoder().decode(bytes), "x")).toEqual(manifest);
});

test.each([
  ["{", /not JSON/],
  ["3", /not an object/],
  ['{"version":2}', /version 2/],
  ['{"version":1,"files":[{"name":"../x","rows":1,"bytes":1}]}', /list of files/],
  ['{"version":1,"files":[],"format":"xml"}', /unknown format xml/],
])("refuses %s", (text, message) => {
  expect(() => parseManifest(text, "file:///out/_manifest.json")).toThrow(message);
});
