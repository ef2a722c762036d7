// Options that cannot be are refused before anything is tried.

import { expect, test } from "vitest";
import { connect } from "../index.ts";
import { checkConnectOptions, checkListLimit, type GivenOptions } from "./connect-options.ts";

const good = { masters: ["127.0.0.1:7101", "[::1]:7102", "host.name:1"], token: "mlr_x" };

test.each<[string, Partial<Record<keyof GivenOptions, unknown>>, string]>([
  ["no masters", { masters: [] }, "masters must be 1 to"],
  ["one text", { masters: "127.0.0.1:7101" }, "masters must be 1 to"],
  ["an address without port", { masters: ["127.0.0.1"] }, 'not "127.0.0.1"'],
  ["no token", { token: "" }, "token must be"],
  ["no token at all", { token: undefined }, "token must be"],
  ["no number", { searchMsMax: Number.NaN }, "searchMsMax must be a number of milliseconds"],
  ["a text", { searchMsMax: "5000" }, "not 5000"],
  ["no time", { searchMsMax: 0 }, "not 0"],
  ["for ever", { searchMsMax: Number.POSITIVE_INFINITY }, "not Infinity"],
])("%s", async (_, options, message) => {
  const given = { ...good, ...options } as unknown as GivenOptions;
  const refused = { code: "USAGE", message: expect.stringContaining(message) };
  await expect(connect(given)).rejects.toMatchObject(refused);
});

test("others pass", () => {
  expect(() => checkConnectOptions({ ...good, searchMsMax: 5000 })).not.toThrow();
});

test.each([Number.NaN, 0, -1, 1.5])("a list of %d jobs", (limit) => {
  expect(() => checkListLimit(limit)).toThrow("whole number from 1 on");
});
