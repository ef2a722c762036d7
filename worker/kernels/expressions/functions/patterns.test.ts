// Patterns of like match the texts that a regular expression of the same meaning matches.
import fc from "fast-check";
import { expect, test } from "vitest";
import { call, column, evaluate, literal } from "../testing/expr.ts";

// Few letters, so that words begin again and again within others; some of several bytes that begin alike.
const letter = fc.constantFrom("a", "b", "é", "è", "😀", "\n");
const text = fc.array(letter, { maxLength: 12 }).map((letters) => letters.join(""));
const token = fc.oneof(letter, fc.constantFrom("%", "%", "_", "\\%", "\\_"));
const pattern = fc.array(token, { maxLength: 8 });

function regexOf(tokens: readonly string[]): RegExp {
  const meanings = new Map([
    ["%", "[^]*"],
    ["_", "[^]"],
    ["\\%", "%"],
  ]);
  const own = tokens.map((each) => meanings.get(each) ?? each.replace("\\", ""));
  return new RegExp(`^${own.join("")}$`, "u");
}

test("like of a column and a constant", () => {
  fc.assert(
    fc.property(fc.array(fc.option(text), { minLength: 1 }), pattern, (values, tokens) => {
      const rows = values.map((t) => ({ t }));
      const found = evaluate(call("like", column("t"), literal(tokens.join(""))), rows);
      const regex = regexOf(tokens);
      expect(found).toEqual(values.map((value) => (value === null ? null : regex.test(value))));
    }),
    { numRuns: 300 },
  );
});
