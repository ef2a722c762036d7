// Whether the engine answers a program as plain loops do; if not, what differs.

import { type Answer, comparable } from "./compare.ts";
import type { Promised } from "./known.ts";
import type { Program } from "./random-program.ts";
import { type Engine, found, type Planned, planOf, wanted } from "./run-program.ts";

export type Verdict =
  | { readonly kind: "agrees"; readonly rows: number }
  /** Both failed alike, or the engine did not compute what only the plain loops failed at. */
  | { readonly kind: "failed"; readonly code: string }
  | { readonly kind: "differs"; readonly how: string };

function firstDifference(engine: readonly string[], oracle: readonly string[]): string {
  const only = (own: readonly string[], other: readonly string[]): readonly string[] => {
    const left = [...other];
    return own.filter((row) => {
      const at = left.indexOf(row);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  const [more, missing] = [only(engine, oracle), only(oracle, engine)];
  const lines = [`the engine answers ${engine.length} rows, plain loops ${oracle.length}`];
  const show = (what: string, rows: readonly string[]) =>
    lines.push(...rows.slice(0, 4).map((row) => `${what} ${row.slice(0, 1000)}`));
  show("only the engine:", more);
  show("only plain loops:", missing);
  if (more.length + missing.length === 0) {
    const at = engine.findIndex((row, place) => row !== oracle[place]);
    lines.push(`the order differs from row ${at} on: ${engine[at]} instead of ${oracle[at]}`);
  }
  return lines.join("\n");
}

/** Errors of values, which a plan that does not need them need not meet. */
const ofValues = ["VALUE_UNSUPPORTED", "INPUT_MALFORMED"];

function promisedOf({ isCount, sink, promised }: Program): Promised {
  if (isCount) return "order";
  // Files keep the order within themselves only.
  return sink !== undefined && promised === "order" ? "rows" : promised;
}

export function judged(program: Program, engine: Answer, oracle: Answer): Verdict {
  if (oracle.kind === "failed") {
    if (engine.kind === "failed" && engine.code === oracle.code) {
      return { kind: "failed", code: oracle.code };
    }
    if (engine.kind === "rows" && ofValues.includes(oracle.code)) {
      return { kind: "failed", code: oracle.code };
    }
    const said = engine.kind === "failed" ? `${engine.code}: ${engine.message}` : "rows";
    const how = `plain loops fail with ${oracle.code}: ${oracle.message}; the engine: ${said}`;
    return { kind: "differs", how };
  }
  if (engine.kind === "failed") {
    return { kind: "differs", how: `the engine fails with ${engine.code}: ${engine.message}` };
  }
  const promised = promisedOf(program);
  const { inexact } = program.known;
  const borders = inexact.size === 0 ? [false] : [false, true];
  const pairs = borders.map((isShifted) =>
    [engine, oracle].map((answer) => comparable(answer, promised, inexact, isShifted)),
  );
  const isEqual = ([left, right]: readonly (readonly string[])[]): boolean =>
    left!.length === right!.length && left!.every((row, at) => row === right![at]);
  if (pairs.some(isEqual)) return { kind: "agrees", rows: oracle.rows.length };
  const [[left, right] = []] = pairs;
  return { kind: "differs", how: firstDifference(left!, right!) };
}

export async function check(program: Program, engine: Engine): Promise<Verdict> {
  const planned: Planned = planOf(program);
  return judged(program, await found(planned, engine), await wanted(planned));
}
