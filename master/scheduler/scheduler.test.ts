// The scheduler's decisions as text: every script in testdata prints what it printed before.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runScript } from "./testing/script.ts";

const folder = fileURLToPath(new URL("./testdata/", import.meta.url));
const scripts = readdirSync(folder).filter((name) => name.endsWith(".txt"));

test("there are scripts", () => {
  expect(scripts.length).toBeGreaterThanOrEqual(10);
});

test.each(scripts)("%s", async (name) => {
  const text = readFileSync(`${folder}${name}`, "utf8");
  await expect(runScript(text)).toMatchFileSnapshot(`${folder}${name}`);
});
