// Globs: examples, and random ones against a naive matcher.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileGlob, expandBraces, globLiteralPrefix, isGlob } from "./glob.ts";

/** Tries every way to read the pattern, one character at a time. */
function naive(pattern: string, path: string): boolean {
  const brace = pattern.lastIndexOf("{");
  if (brace >= 0) {
    const close = pattern.indexOf("}", brace);
    return pattern
      .slice(brace + 1, close)
      .split(",")
      .some((choice) => naive(pattern.slice(0, brace) + choice + pattern.slice(close + 1), path));
  }
  const whole = (p: string[], n: string[]): boolean => {
    const [head, ...rest] = p;
    if (head === undefined) return n.length === 0;
    if (head === "**") {
      if (rest.length === 0) return n.length > 0;
      return whole(rest, n) || (n.length > 0 && whole(p, n.slice(1)));
    }
    return n.length > 0 && one(head, n[0] ?? "") && whole(rest, n.slice(1));
  };
  const one = (p: string, n: string): boolean => {
    if (p === "") return n === "";
    if (p[0] === "*") return one(p.slice(1), n) || (n !== "" && one(p, n.slice(1)));
    return n !== "" && (p[0] === "?" || p[0] === n[0]) && one(p.slice(1), n.slice(1));
  };
  return whole(pattern.split("/"), path.split("/"));
}

const matching: readonly (readonly [string, string, boolean])[] = [
  ["data/*.txt", "data/a.txt", true],
  ["data/*.txt", "data/b/a.txt", false],
  ["data/**/*.txt", "data/a.txt", true],
  ["data/**/*.txt", "data/x/y/a.txt", true],
  ["data/**", "data", false],
  ["data/**", "data/a", true],
  ["data/**", "data/a/b", true],
  ["data/part-?.csv", "data/part-1.csv", true],
  ["data/part-?.csv", "data/part-12.csv", false],
  ["data/?", "data/😀", true],
  ["{a,b/c}/*.{csv,json}", "b/c/x.json", true],
  ["{a,b/c}/*.{csv,json}", "b/x.json", false],
  ["a{,b}c", "ac", true],
  ["a**c", "abbc", true],
  ["a**c", "a/c", false],
  ["a.c", "abc", false],
];

describe("glob", () => {
  test.each(matching)("%s against %s: %s", (pattern, path, expected) => {
    expect(compileGlob(pattern).matches(path)).toBe(expected);
  });

  test("agrees with the naive matcher, and never prunes a folder with a match below", () => {
    const piece = fc.constantFrom("a", "b", "*", "?", "/", "/**/", "{a,b}", "{,b/a}", "**");
    const pattern = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
    const name = fc.constantFrom("a", "b", "ab", "aba", "");
    const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));
    fc.assert(
      fc.property(pattern, path, (someGlob, somePath) => {
        const glob = compileGlob(someGlob);
        const expected = naive(someGlob, somePath);
        expect(glob.matches(somePath)).toBe(expected);
        const slash = somePath.lastIndexOf("/");
        if (slash >= 0) {
          const inFolder = glob.inFolder(somePath.slice(0, slash));
          expect(inFolder(somePath.slice(slash + 1))).toBe(expected);
        }
        if (!expected) return;
        const names = somePath.split("/");
        for (let depth = 1; depth < names.length; depth++) {
          expect(glob.mayMatchBelow(names.slice(0, depth).join("/"))).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("prunes folders that cannot hold a match", () => {
    const glob = compileGlob("data/2024-*/*.csv");
    expect(glob.mayMatchBelow("data")).toBe(true);
    expect(glob.mayMatchBelow("data/2024-01")).toBe(true);
    expect(glob.mayMatchBelow("data/2023-01")).toBe(false);
    expect(glob.mayMatchBelow("data/2024-01/x.csv")).toBe(false);
    expect(compileGlob("data/**/x").mayMatchBelow("data/a/b/c")).toBe(true);
  });

  test("stays quick on a pattern that makes backtracking explode", () => {
    const glob = compileGlob(`${"*a".repeat(40)}b`);
    expect(glob.matches("a".repeat(4000))).toBe(false);
  });

  test("knows a glob, and its literal beginning", () => {
    expect(["a/b", "a*", "a?", "a{b}"].map(isGlob)).toEqual([false, true, true, true]);
    expect(globLiteralPrefix("data/part-*.csv")).toBe("data/part-");
    expect(globLiteralPrefix("data/x.csv")).toBe("data/x.csv");
  });

  test("expands nested braces, and refuses unclosed or too many", () => {
    expect(expandBraces("a{b,c{d,e}}")).toEqual(["ab", "acd", "ace"]);
    expect(() => expandBraces("a{b,c")).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(() => expandBraces("{a,b}".repeat(12))).toThrow(/more than 256 alternatives/);
  });
});
