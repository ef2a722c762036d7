// The account tells a record that is missing from one that came twice, and both from one that was changed.

import { expect, test } from "vitest";
import { createAccount, recordOf } from "./records.ts";

const lines = Array.from({ length: 50 }, (_, index) => recordOf("job-1", index));

function accountOf(came: readonly string[]) {
  const account = createAccount("job-1", lines.length);
  for (const line of came) account.add(line);
  return account.end();
}

test("all records, in whatever order, are an even account", () => {
  expect(accountOf(lines.toReversed())).toEqual({ lost: 0, duplicated: 0, altered: 0 });
});

test("what is lost, doubled or altered is counted as that", () => {
  expect(accountOf(lines.slice(1))).toEqual({ lost: 1, duplicated: 0, altered: 0 });
  expect(accountOf([...lines, lines[3]!, lines[3]!])).toMatchObject({ duplicated: 2, lost: 0 });
  const changed = lines.map((line, at) => (at === 7 ? line.replace("job", "jot") : line));
  expect(accountOf(changed)).toEqual({ lost: 1, duplicated: 0, altered: 1 });
  expect(accountOf([...lines, recordOf("job-2", 3), ""])).toMatchObject({ altered: 2 });
});
