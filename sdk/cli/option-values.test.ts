// Values that do not fit are refused with the option's name.

import { describe, expect, test } from "vitest";
import { hostAndPort, mastersOf, peersOf, sizeOf, wholeNumberOf } from "./option-values.ts";

const range = { least: 1, most: 100 };

describe("option values", () => {
  test("whole numbers within their range", () => {
    expect(wholeNumberOf({ threads: "12" }, "threads", range)).toBe(12);
    expect(wholeNumberOf({}, "threads", range)).toBeUndefined();
  });

  test.each(["", "0", "101", "1.5", "1e1", "-1", "two", " 3", "0x10"])(
    "%j is no such number",
    (text) => {
      expect(() => wholeNumberOf({ threads: text }, "threads", range)).toThrow(
        `--threads must be a whole number from 1 to 100, not '${text}'`,
      );
    },
  );

  test("sizes with their unit", () => {
    const sizes = { least: 1024, most: 2 ** 40 };
    expect(sizeOf({ memory: "1.5GiB" }, "memory", sizes)).toBe(1.5 * 2 ** 30);
    expect(sizeOf({ memory: "512MiB" }, "memory", sizes)).toBe(2 ** 29);
    expect(sizeOf({}, "memory", sizes)).toBeUndefined();
    for (const bad of ["", "512", "4GB", "-1GiB", "2TiB", "0.5KiB", "1,5GiB", "GiB"]) {
      expect(() => sizeOf({ memory: bad }, "memory", sizes)).toThrow(
        "--memory must be a size from",
      );
    }
  });

  test("addresses", () => {
    expect(hostAndPort("127.0.0.1:7101", "--listen")).toEqual({ host: "127.0.0.1", port: 7101 });
    expect(hostAndPort("[::1]:0", "--listen")).toEqual({ host: "::1", port: 0 });
    for (const bad of ["7101", "host", "host:", "host:70000", "a b:1", "::1:7"]) {
      expect(() => hostAndPort(bad, "--listen")).toThrow("--listen must be HOST:PORT");
    }
  });

  test("masters come from the option, else from the environment", () => {
    const environment = { MILLRACE_MASTERS: "c:3" };
    expect(mastersOf({ masters: "a:1, b:2" }, environment)).toEqual(["a:1", "b:2"]);
    expect(mastersOf({}, environment)).toEqual(["c:3"]);
    expect(() => mastersOf({}, {})).toThrow("no masters given");
    expect(() => mastersOf({ masters: "a" }, {})).toThrow("each of --masters must be HOST:PORT");
  });

  test("peers by name", () => {
    const peers = peersOf("m1=a:1,m2=b:2");
    expect([...peers]).toEqual([
      ["m1", "a:1"],
      ["m2", "b:2"],
    ]);
    expect(peersOf(undefined).size).toBe(0);
    expect(() => peersOf("a:1")).toThrow("--peers must be ID=HOST:PORT");
    expect(() => peersOf("m1=a:1,m1=b:1")).toThrow("names m1 twice");
    expect(() => peersOf("m1=a")).toThrow("the address of m1 in --peers must be HOST:PORT");
  });
});
