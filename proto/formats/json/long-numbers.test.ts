// Values are those of JSON.parse but for numbers that a double may change, which keep their digits.

import fc from "fast-check";
import { expect, test } from "vitest";
import { asDoubles, LongNumber, parseJson } from "./long-numbers.ts";

const digits = (max: number) =>
  fc.array(fc.nat(9), { minLength: 1, maxLength: max }).map((all) => all.join(""));
const whole = digits(40).map((text) => text.replace(/^0+(?=.)/, ""));
const exponent = fc
  .tuple(fc.constantFrom("e", "E", "e+", "e-"), digits(2))
  .map((all) => all.join(""));
const number = fc
  .tuple(
    fc.constantFrom("", "-"),
    whole,
    fc.option(
      digits(30).map((text) => `.${text}`),
      { nil: "" },
    ),
    fc.option(exponent, { nil: "" }),
  )
  .map((all) => all.join(""));
const { value: json } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    number,
    fc.constantFrom("true", "false", "null", '"\\\\"', '"1234567890123456"', '"\\"{[1e5"', '""'),
    fc.string().map((text) => JSON.stringify(text)),
    fc.array(tie("value") as fc.Arbitrary<string>).map((all) => `[ ${all.join(",")}]`),
    fc
      .array(fc.tuple(fc.constantFrom("a", "b", "1", "__proto__"), tie("value")))
      .map((all) => `{${all.map(([name, value]) => `"${name}" :${value}`).join("\r,")} }`),
  ),
}));

test("a text means what JSON.parse says, where long numbers are the nearest doubles", () => {
  fc.assert(
    fc.property(json as fc.Arbitrary<string>, (text) => {
      expect(asDoubles(parseJson(text))).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test("a number comes back with all its digits, or as a double that shows them", () => {
  fc.assert(
    fc.property(number, (text) => {
      const [value] = parseJson(`[${text}]`) as readonly unknown[];
      if (value instanceof LongNumber) expect(value.digits).toBe(text);
      // Zeros behind the point, and a sign before zero, are no digits.
      else expect(plain(String(value))).toBe(plain(text));
    }),
    { numRuns: 500 },
  );
});

/** Without zeros that mean nothing. */
function plain(text: string): string {
  const isSmall = /e/.test(text);
  const shown = isSmall ? Number(text).toFixed(20) : text;
  const trimmed = shown.includes(".") ? shown.replace(/\.?0+$/, "") : shown;
  return trimmed === "-0" ? "0" : trimmed;
}

test("values lie in each other as deep as JSON.parse lets them", () => {
  const depth = 20_000;
  let value = parseJson(`${"[".repeat(depth)}1234567890123456${"]".repeat(depth)}`);
  while (Array.isArray(value)) value = value[0];
  expect(value).toEqual(new LongNumber("1234567890123456"));
});
