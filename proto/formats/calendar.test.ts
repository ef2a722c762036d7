// Calendar arithmetic against JavaScript's own.
import fc from "fast-check";
import { expect, test } from "vitest";
import { dateOfDays, daysOfDate, daysOfText, textOfDays } from "./calendar.ts";

const daysAround = fc.integer({ min: -90_000_000, max: 90_000_000 });

test("days agree with Date, both ways", () => {
  fc.assert(
    fc.property(daysAround, (days) => {
      const date = new Date(days * 86_400_000);
      const { year, month, day } = dateOfDays(days);
      expect([year, month, day]).toEqual([
        date.getUTCFullYear(),
        date.getUTCMonth() + 1,
        date.getUTCDate(),
      ]);
      expect(daysOfDate(year, month, day)).toBe(days);
      expect(textOfDays(days)).toBe(date.toISOString().replace(/T.*/, ""));
    }),
  );
});

test("texts that are no day are refused", () => {
  expect(daysOfText("2024-02-29")).toBe(19_782);
  for (const text of ["2023-02-29", "2024-13-01", "2024-00-01", "2024-1-01", "2024-01-32", ""]) {
    expect(daysOfText(text)).toBeUndefined();
  }
});
