// Every known mistake, planted on purpose, makes an assertion of a script or of a random run fail.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AssertionError } from "../../../proto/errors.ts";
import { rotted } from "../../storage/testing/rot.ts";
import { plantedBugs } from "../planted-bugs.ts";
import { randomRun } from "./random-run.ts";
import { runScript } from "./script.ts";

const folder = new URL("./testdata/", import.meta.url);
const scripts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));

/** Only what the checks say counts; a failure of another kind would be a mistake in the tests. */
function isCaught(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (thrown) {
    if (!(thrown instanceof AssertionError)) throw thrown;
    return true;
  }
}

test("without any, no script fails", () => {
  expect(scripts.filter((text) => isCaught(() => runScript(text, { rotted })))).toEqual([]);
});

test.each(plantedBugs)("%s is found by a script", (bug) => {
  expect(scripts.some((text) => isCaught(() => runScript(text, { rotted, plantedBug: bug })))).toBe(
    true,
  );
});

/** Seeds are tried up to the first that fails. */
const seedsMax = 3000;

test.each(plantedBugs)(
  "%s is found by random runs",
  (bug) => {
    const seeds = Array.from({ length: seedsMax }, (_, seed) => seed);
    expect(seeds.some((seed) => isCaught(() => randomRun(seed, 3000, bug)))).toBe(true);
  },
  240_000,
);
