// Numbers straight from bytes are those that JavaScript reads from their text, to the last bit.
import fc from "fast-check";
import { expect, test } from "vitest";
import { smallDecimal } from "./field-values.ts";

const parsed = (text: string) => {
  const bytes = new TextEncoder().encode(`,${text},`);
  return smallDecimal(bytes, 1, bytes.length - 1);
};

test("decimal numbers of up to 19 digits", () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: 21 });
  const number = fc.tuple(fc.constantFrom("", "-", "+"), digits, fc.constantFrom("", "."), digits);
  let read = 0;
  fc.assert(
    fc.property(number, ([sign, whole, point, fraction]) => {
      const text = `${sign}${whole}${point}${fraction}`;
      const value = parsed(text);
      if (Number.isNaN(value)) return;
      read++;
      expect(value, text).toBe(Number(text));
    }),
    { numRuns: 20_000 },
  );
  expect(read).toBeGreaterThan(2000);
});

test("doubles as they are printed, and the neighbours of halves between two doubles", () => {
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed / 2 ** 32;
  };
  let unsure = 0;
  for (let i = 0; i < 20_000; i++) {
    const double = random() + random() * 2 ** -32;
    const scaled = double * 10 ** Math.floor(random() * 8);
    const texts = [String(scaled), scaled.toFixed(9), scaled.toPrecision(18)];
    for (const text of texts) {
      const value = parsed(text);
      if (Number.isNaN(value)) unsure++;
      else expect(value, text).toBe(Number(text));
    }
  }
  // Those with more digits, and those with an exponent.
  expect(unsure).toBeLessThan(1000);
  for (const text of ["9007199254740993", "9007199254740992.5", "0.5000000000000000277", "1.5"]) {
    const value = parsed(text);
    if (!Number.isNaN(value)) expect(value, text).toBe(Number(text));
  }
});

test("what is no such number is left to others", () => {
  for (const text of ["", "-", ".", "+.", "1e5", "1.2.3", "--1", " 1", "0x1", "NaN", "1_0"]) {
    expect(parsed(text), text).toBeNaN();
  }
  expect(parsed("0")).toBe(0);
  expect(Object.is(parsed("-0.00"), -0)).toBe(true);
  expect(parsed("000000000000000000000001.50")).toBe(1.5);
});
