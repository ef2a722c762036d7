// The page of errors lists every code with its exit code, and no other.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorTable } from "../../proto/errors.ts";

test("docs/errors.md and the table of codes agree", () => {
  const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const listed = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (yes|no) \|/gm)].map((row) => ({
    code: row[1],
    exit: Number(row[2]),
    retriable: row[3] === "yes",
  }));
  const table = Object.entries(errorTable).map(([code, entry]) => ({ code, ...entry }));
  expect(listed).toEqual(table);
});
