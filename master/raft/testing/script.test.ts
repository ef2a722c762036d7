// Every script in testdata prints what it says. MILLRACE_UPDATE_SCRIPTS=1 rewrites what they say.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rotted } from "../../storage/testing/rot.ts";
import { runScript } from "./script.ts";

const folder = new URL("./testdata/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".txt"));

test.each(names)("%s", (name) => {
  const file = new URL(name, folder);
  const text = readFileSync(file, "utf8");
  const result = runScript(text, { rotted });
  if (process.env.MILLRACE_UPDATE_SCRIPTS === "1") writeFileSync(file, result);
  else expect(result).toBe(text);
});

test("there are scripts, and an expectation that does not hold fails one", () => {
  expect(names.length).toBeGreaterThanOrEqual(80);
  expect(() => runScript("nodes 1\ncampaign n1\nexpect n1 follower\n", { rotted })).toThrow(
    "n1 has leader",
  );
});
