// Stable text of expressions: what `explain` shows and digests are taken of.

import { textOfDays } from "../formats/calendar.ts";
import { clockText } from "../formats/clock-text.ts";
import type {
  AggregateCall,
  Expr,
  FrameBound,
  NamedAggregate,
  NamedExpr,
  NamedWindow,
  SortExpr,
  WindowCall,
} from "./expr.ts";
import { type DataType, typeText } from "./types.ts";

/** Functions that are written between their two arguments. */
const infix: Readonly<Record<string, string>> = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  modulo: "%",
  eq: "=",
  ne: "<>",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  and: "and",
  or: "or",
};

export function columnText(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : JSON.stringify(name);
}

/** `(price * 2)`, `upper(name)`, `cast(a as int32)`: one line, fully bracketed. */
export function exprText(expr: Expr): string {
  switch (expr.kind) {
    case "column":
      return columnText(expr.name);
    case "literal":
      return literalText(expr);
    case "call":
      return callText(expr.name, expr.args);
    case "cast": {
      const word = expr.onFailure === "null" ? "tryCast" : "cast";
      return `${word}(${exprText(expr.input)} as ${typeText(expr.to)})`;
    }
    case "case": {
      const branches = expr.branches.map(
        ({ when, result }) => `when ${exprText(when)} then ${exprText(result)}`,
      );
      const rest = expr.otherwise === undefined ? "" : ` else ${exprText(expr.otherwise)}`;
      return `case ${branches.join(" ")}${rest} end`;
    }
  }
}

function literalText({ type, text }: Extract<Expr, { kind: "literal" }>): string {
  if (text === null) return "null";
  switch (type.kind) {
    case "utf8":
      return JSON.stringify(text);
    case "bool":
    case "float64":
    case "int32":
      return text;
    case "date":
      return quoted(type, isWhole.test(text) ? textOfDays(Number(text)) : text);
    case "timestamp": {
      const zone = type.zone === undefined ? "" : "Z";
      return quoted(type, isWhole.test(text) ? clockText(BigInt(text)) + zone : text);
    }
    default:
      return quoted(type, text);
  }
}

const isWhole = /^-?\d+$/;

const quoted = (type: DataType, text: string): string =>
  `${typeText(type)} ${JSON.stringify(text)}`;

function callText(name: string, args: readonly Expr[]): string {
  const sign = infix[name];
  const [left, right] = args;
  if (sign !== undefined && left !== undefined && right !== undefined && args.length === 2) {
    return `(${exprText(left)} ${sign} ${exprText(right)})`;
  }
  return `${name}(${args.map(exprText).join(", ")})`;
}

export function namedText({ name, expr }: NamedExpr): string {
  if (expr.kind === "column" && expr.name === name) return columnText(name);
  return `${exprText(expr)} as ${columnText(name)}`;
}

export function sortText({ expr, direction, nulls }: SortExpr): string {
  const usual = direction === "asc" ? "first" : "last";
  return `${exprText(expr)} ${direction}${nulls === usual ? "" : ` nulls ${nulls}`}`;
}

export function aggregateText(call: AggregateCall): string {
  const args = call.args.map(exprText).join(", ");
  const filter = call.filter === undefined ? "" : ` where ${exprText(call.filter)}`;
  return `${call.function}(${call.distinct ? "distinct " : ""}${args})${filter}`;
}

export function namedAggregateText({ name, call }: NamedAggregate): string {
  return `${aggregateText(call)} as ${columnText(name)}`;
}

function boundText(bound: FrameBound, side: "start" | "end"): string {
  if (bound.kind === "unbounded") return side;
  if (bound.rows === 0) return "current";
  return bound.rows < 0 ? `${-bound.rows} before` : `${bound.rows} after`;
}

export function windowText(call: WindowCall): string {
  const over = [
    ...(call.partitionBy.length === 0 ? [] : [`by ${call.partitionBy.map(exprText).join(", ")}`]),
    ...(call.orderBy.length === 0 ? [] : [`order ${call.orderBy.map(sortText).join(", ")}`]),
    `${call.frame.unit} ${boundText(call.frame.start, "start")} to ${boundText(call.frame.end, "end")}`,
  ];
  return `${call.function}(${call.args.map(exprText).join(", ")}) over (${over.join(" ")})`;
}

export function namedWindowText({ name, call }: NamedWindow): string {
  return `${windowText(call)} as ${columnText(name)}`;
}
