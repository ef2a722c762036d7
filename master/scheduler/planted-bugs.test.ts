// Every known mistake with leases, planted on purpose, makes a script print something else, and those that
// break a promise to a client are found by random histories too.

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkLinearizable } from "../../bench/checkers/linearizability.ts";
import { lockModel } from "../../bench/checkers/lock-model.ts";
import { randomStream } from "../../proto/ports/random.ts";
import { leaseBugs } from "./planted-bugs.ts";
import { lockHistory } from "./testing/lock-walk.ts";
import { runScript } from "./testing/script.ts";
import { walkFrom } from "./testing/walk.ts";

const folder = new URL("./testdata/", import.meta.url);
const scripts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));

const verdictOf = (seed: number, bug?: (typeof leaseBugs)[number]): string =>
  checkLinearizable(lockModel, lockHistory(randomStream(seed), 400, bug)).kind;
const seeds = Array.from({ length: 40 }, (_, seed) => seed);

test("without any, every script prints what it printed, and every history is linearizable", () => {
  expect(scripts.filter((text) => runScript(text) !== text)).toEqual([]);
  for (const seed of seeds) expect(verdictOf(seed), `seed ${seed}`).toBe("linearizable");
});

// That of the API is planted there; see its test.
test.each(leaseBugs.filter((bug) => bug !== "grantedWithoutRecheck"))(
  "%s is found by a script",
  (bug) => {
    expect(scripts.some((text) => runScript(text, bug) !== text)).toBe(true);
  },
);

test.each(["oldLeaderRevokes", "renewsAfterRevocation", "lostCreationOrphans"] as const)(
  "%s is found by random histories",
  (bug) => {
    expect(seeds.some((seed) => verdictOf(seed, bug) === "violation")).toBe(true);
  },
);

test("with fencing off, random walks hear what they must not", () => {
  expect(() => {
    for (const seed of seeds) walkFrom(seed, 400, "fencingOff");
  }).toThrow(/heard \d+, its token is|was accepted twice|refused its current token/);
});
