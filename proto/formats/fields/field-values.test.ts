// Values straight from bytes are those that slower ways read from their text, to the last bit.
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDecimal } from "../../batch/decimal.ts";
import { clockMicrosOf, clockOf, smallDecimal, smallUnits } from "./field-values.ts";

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

test("decimals as units of their scale, and times of day as microseconds", () => {
  const inside = (text: string, read: (bytes: Uint8Array, start: number, end: number) => number) =>
    read(new TextEncoder().encode(`9${text}9`), 1, 1 + text.length);
  const digits = fc.string({ unit: fc.constantFrom(..."0019"), maxLength: 9 });
  const decimal = fc.tuple(fc.constantFrom("", "-", "+"), digits, fc.constantFrom("", "."), digits);
  const two = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom("01", "12", "23") },
    fc.constantFrom("00", "24", "29", "59", "60", "1", "a1", ""),
  );
  const time = fc.tuple(
    fc.constantFrom("2024-02-", "1969-12-", "9999-01-", "0000-02-", "2023-13-"),
    ...[two, fc.constantFrom("T", "T", " ", "t"), two, fc.constantFrom(":", ":", "-"), two, two],
    fc.constantFrom("", "", ".", ".5", ".000001", ".1234567", ",5"),
    fc.constantFrom("", "Z", "+01", "UTC"),
  );
  const read = { decimals: 0, times: 0 };
  fc.assert(
    fc.property(decimal, fc.nat(6), ([sign, whole, point, part], scale) => {
      const text = `${sign}${whole}${point}${part}`;
      const units = inside(text, (bytes, start, end) => smallUnits(bytes, start, end, scale));
      if (Number.isNaN(units)) return;
      read.decimals++;
      expect(BigInt(units), `${text} at ${scale}`).toBe(parseDecimal(text, 38, scale));
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(time, ([day, date, middle, hour, colon, minute, second, part, zone]) => {
      const text = `${day}${date}${middle}${hour}${colon}${minute}:${second}${part}${zone}`;
      const micros = inside(text, clockMicrosOf);
      if (Number.isNaN(micros)) return;
      read.times++;
      const clock = clockOf(text);
      expect(clock, text).toEqual({ microseconds: BigInt(micros), hasZone: zone !== "" });
    }),
    { numRuns: 5000 },
  );
  expect(read.decimals).toBeGreaterThan(1000);
  expect(read.times).toBeGreaterThan(20);
});
