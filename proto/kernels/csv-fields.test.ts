// Fields of CSV as the kernel finds and reads them, against plain loops.

import fc from "fast-check";
import { expect, test } from "vitest";
import { smallDecimal, smallInteger } from "../formats/fields/field-values.ts";
import { CsvFields } from "./csv-fields.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Records from a place on, until one that is not as it should be. */
function plainly(text: string, from: number, stop: number, fields: number) {
  const records: string[][] = [];
  let at = from;
  while (at < stop) {
    const end = text.indexOf("\n", at);
    if (end < 0) break;
    const line = text.slice(at, end).replace(/\r$/, "");
    const parts = line.split(";");
    if (line === "" || parts.length !== fields || text.slice(at, end).includes('"')) break;
    records.push(parts);
    at = end + 1;
  }
  return { records, next: at };
}

test("records are found up to one with a quote, or with another number of fields", () => {
  const piece = fc.constantFrom("a", "bcd", "x".repeat(17), "1", ";", ";", "\n", "\r\n", "\r", "é");
  const line = fc.constantFrom("a;b\n", "12;\r\n", ";\n", `${"y".repeat(40)};z\n`);
  const text = fc
    .array(fc.oneof({ weight: 3, arbitrary: line }, piece, fc.constant('"')), { maxLength: 30 })
    .map((parts) => parts.join(""));
  let found = 0;
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 3 }), fc.nat(60), (all, fields, stop) => {
      // Places are of bytes.
      const latin = Buffer.from(all).toString("latin1");
      const bytes = Buffer.from(all);
      const kernel = CsvFields.open(bytes, { delimiter: 59, fields });
      const wanted = plainly(latin, 0, stop, fields);
      const count = stop === 0 ? 0 : kernel.cut(0, stop, 1000);
      expect(count).toBe(wanted.records.length);
      expect(kernel.next).toBe(wanted.next);
      const { places } = kernel;
      for (const [record, parts] of wanted.records.entries()) {
        for (const [field, part] of parts.entries()) {
          const at = 2 * (record * fields + field);
          expect(latin.slice(places[at], places[at + 1])).toBe(part);
          found++;
        }
      }
      kernel.close();
    }),
    { numRuns: 4000 },
  );
  expect(found).toBeGreaterThan(1000);
});

test("no more records are found than were asked for", () => {
  const kernel = CsvFields.open(encode("1\n2\n3\n"), { delimiter: 44, fields: 1 });
  expect([kernel.cut(0, 6, 2), kernel.next]).toEqual([2, 4]);
  expect([kernel.cut(4, 6, 2), kernel.next]).toEqual([1, 6]);
  expect([kernel.cut(0, 6, 0), kernel.next]).toEqual([0, 0]);
  expect([kernel.cut(0, 2, 9), kernel.next]).toEqual([1, 2]);
  kernel.close();
});

test("numbers and texts of a column are those of each field, up to one of another form", () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: 17 });
  const number = fc
    .tuple(fc.constantFrom("", "-", "+"), digits, fc.constantFrom("", "", "."), digits)
    .map((parts) => parts.join(""));
  const usual = fc.oneof(
    fc.integer().map(String),
    fc.integer().map((n) => (n / 100).toFixed(2)),
  );
  const odd = fc.constantFrom("", "x", "1e5", " 1", "-", ".", "0x1", "é", "y".repeat(70));
  const column = fc.array(
    fc.oneof({ weight: 20, arbitrary: usual }, { weight: 2, arbitrary: number }, odd),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(column, fc.nat(3), (texts, skipped) => {
      const from = Math.min(skipped, texts.length - 1);
      const all = encode(`${texts.map((text) => `a,${text},b`).join("\n")}\n`);
      const kernel = CsvFields.open(all, { delimiter: 44, fields: 3 });
      expect(kernel.cut(0, all.length, 100)).toBe(texts.length);
      const count = texts.length - from;
      const own = texts.slice(from);
      // Views are valid until the next are read.
      for (const isFloat of [true, false]) {
        const found = isFloat ? kernel.floats(1, from, count) : kernel.wholes(1, from, count);
        const plain = isFloat ? smallDecimal : smallInteger;
        const values = own.map((text) => {
          const bytes = encode(`,${text},`);
          const isLong = isFloat && text.replace(/^[-+]?[0.]*/, "").replace(".", "").length > 15;
          if (text === "") return 0;
          return isLong ? Number.NaN : plain(bytes, 1, bytes.length - 1);
        });
        const first = values.findIndex(Number.isNaN);
        const read = first < 0 ? count : first;
        expect(found.count, own[first]).toBe(read);
        expect([...found.values].map(Number).map((n) => n + 0)).toEqual(
          values.slice(0, read).map((n) => n + 0),
        );
        const hasEmpty = own.slice(0, read).includes("");
        const valid = hasEmpty ? own.slice(0, read).map((text) => Number(text !== "")) : undefined;
        expect(found.valid && [...found.valid]).toEqual(valid);
      }
      const { offsets, values, hasEmpty } = kernel.texts(1, from, count);
      const decoder = new TextDecoder();
      expect(own.map((_, i) => decoder.decode(values.slice(offsets[i], offsets[i + 1])))).toEqual(
        own,
      );
      expect(hasEmpty).toBe(own.includes(""));
      kernel.close();
    }),
    { numRuns: 1500 },
  );
});
