// Columns of one type as columns of another: by loops between numbers, else value by value.

import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { type DataType, sameType, typeText } from "../../../proto/plan/types.ts";
import { andBits, packBits, unlessFull } from "./bits.ts";
import { castOfValue, failed, parseFloatText, parseWhole } from "./cast-value.ts";
import { wordsOfDoubles } from "./exact-doubles.ts";
import { valueError } from "./kernel.ts";
import { runLoop } from "./loops.ts";
import { safeIntegerMax, widened } from "./numeric.ts";
import { type Raw, rawsOf, vectorOfRaws } from "./raw.ts";
import { nullsOf } from "./take.ts";
import {
  columnOfVector,
  formOf,
  isShort,
  isValidAt,
  type NumberVector,
  numberVector,
  type Vector,
  vectorOfColumn,
} from "./vector.ts";
import { textsOfWholes } from "./whole-texts.ts";

const rank: Readonly<Partial<Record<DataType["kind"], number>>> = { int32: 1, int53: 2, int64: 3 };

/** Whether every value of `from` is one of `to`, or one with too many digits. */
function isWidening(from: DataType, to: DataType): boolean {
  const whole = rank[from.kind];
  if (to.kind === "float64") return whole !== undefined || from.kind === "decimal";
  if (to.kind === "decimal") {
    return whole !== undefined || (from.kind === "decimal" && from.scale <= to.scale);
  }
  const wider = rank[to.kind];
  return whole !== undefined && wider !== undefined && whole <= wider;
}

function neverFails(from: DataType, to: DataType): boolean {
  if (from.kind === "null" || to.kind === "json") return true;
  if (to.kind === "utf8") return from.kind !== "binary";
  if (to.kind === "float64") return from.kind !== "utf8";
  if (rank[from.kind] !== undefined && isWidening(from, to)) {
    const digits = { int32: 10, int53: 16, int64: 19 }[from.kind as "int32"];
    return to.kind !== "decimal" || to.precision - to.scale >= digits;
  }
  if (from.kind === "decimal" && to.kind === "decimal") {
    return from.scale <= to.scale && to.precision - to.scale >= from.precision - from.scale;
  }
  if (from.kind === "timestamp") {
    return to.kind === "timestamp" && (from.zone === undefined) === (to.zone === undefined);
  }
  return from.kind === "bool" && to.kind !== "decimal";
}

export function castCanFail(from: DataType, to: DataType): boolean {
  return !neverFails(from, to);
}

type OnFailure = "error" | "null";

/** Numbers cut to whole ones that fit; undefined where the forms have no loop. */
function truncated(vector: Vector, to: DataType, onFailure: OnFailure, text: string) {
  const { type, length } = vector;
  const isLoop = vector.form === "number" && formOf(to) === "number" && to.kind !== "decimal";
  if (!isLoop || type.kind === "decimal") return undefined;
  if (rank[to.kind] === undefined || type.kind === "date") return undefined;
  const out = isShort(to) ? new Int32Array(length) : new Float64Array(length);
  const [low, high] = isShort(to) ? [-(2 ** 31), 2 ** 31 - 1] : [-safeIntegerMax, safeIntegerMax];
  const rows: Vector = { ...vector, constant: false };
  const cut = "const v = Math.trunc(x) + 0; out[i] = v;";
  const fits = `v >= ${low} && v <= ${high}`;
  const fail = runLoop(`${cut} if (!(${fits})) fail;`, [rows], out, length, vector.valid);
  if (fail < 0) return { ...numberVector(to, out, vector.valid), constant: vector.constant };
  if (onFailure === "error") throw failure(vector.values[fail], vector.type, to, text);
  const good = new Uint8Array(length);
  runLoop(`const v = Math.trunc(x); out[i] = ${fits} ? 1 : 0;`, [rows], good, length);
  runLoop(`const v = Math.trunc(x) + 0; out[i] = ${fits} ? v : 0;`, [rows], out, length);
  const valid = andBits(vector.valid, unlessFull(packBits(good), length), length);
  return { ...numberVector(to, out, valid), constant: vector.constant };
}

function failure(value: Raw, from: DataType, to: DataType, text: string) {
  const isText = typeof value === "string";
  const shown = isText ? JSON.stringify(value.slice(0, 100)) : shownValue(value, from);
  return valueError(
    text,
    `${shown} of the type ${typeText(from)} is no ${typeText(to)}; tryCast makes null of such values`,
  );
}

function shownValue(value: Raw, from: DataType): string {
  const text = castOfValue(from, { kind: "utf8" });
  return text === undefined ? `a value` : String(text(value as never));
}

/** Text to numbers: the answers go straight into the array. */
function parsed(vector: Vector, to: DataType, onFailure: OnFailure, text: string) {
  const isNumber = to.kind === "float64" || to.kind === "int32" || to.kind === "int53";
  if (vector.type.kind !== "utf8" || !isNumber) return undefined;
  const raws = rawsOf(vector);
  const { length } = raws;
  const out: NumberVector["values"] = isShort(to)
    ? new Int32Array(length)
    : new Float64Array(length);
  const parse = to.kind === "float64" ? parseFloatText : (one: string) => parseWhole(one, to);
  const good = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const raw = raws[i];
    if (raw === null) continue;
    const value = parse(raw as string);
    if (value !== failed) {
      out[i] = value as number;
      good[i] = 1;
    } else if (onFailure === "error") throw failure(raw, vector.type, to, text);
  }
  const valid = unlessFull(packBits(good), length);
  return { ...numberVector(to, out, valid), constant: vector.constant };
}

const microsecondsPerDay = 86_400_000_000;

/** Days as the moments at which they begin; undefined for other types, zones, and days centuries away. */
function midnights(vector: Vector, to: DataType): Vector | undefined {
  if (vector.type.kind !== "date" || to.kind !== "timestamp" || vector.form !== "number") {
    return undefined;
  }
  if (to.zone !== undefined && to.zone !== "UTC") return undefined;
  const { values, length, valid, constant } = vector;
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const moment = values[i]! * microsecondsPerDay;
    if (moment <= safeIntegerMax && moment >= -safeIntegerMax) out[i] = moment;
    else if (isValidAt(vector, i)) return undefined;
  }
  return { ...wordsOfDoubles(to, out, valid), constant };
}

function eachCast(vector: Vector, to: DataType, onFailure: OnFailure, text: string): Vector {
  const { type } = vector;
  const cast = castOfValue(type, to);
  if (cast === undefined) throw noCast(type, to, text);
  const out = rawsOf(vector).map((raw) => {
    const value = raw === null ? null : cast(raw as never);
    if (value !== failed) return value;
    if (onFailure === "error") throw failure(raw, type, to, text);
    return null;
  });
  return { ...vectorOfRaws(to, out), constant: vector.constant };
}

function noCast(from: DataType, to: DataType, text: string) {
  return valueError(text, `there is no cast from ${typeText(from)} to ${typeText(to)}`);
}

/** As rows hold them: dates as Date, decimals as text. */
function toJson(vector: Vector): Vector {
  const column = columnOfVector("", { ...vector, constant: false });
  const json = buildColumnAs("", { kind: "json" }, columnValues(column), "missing");
  const { valid, constant } = vector;
  return { ...vectorOfColumn(json), valid, constant } as Vector;
}

export function castVector(
  vector: Vector,
  to: DataType,
  onFailure: OnFailure,
  text: string,
): Vector {
  const { type } = vector;
  if (sameType(type, to)) return vector;
  if (vector.form === "null") return { ...nullsOf(to, vector.length), constant: vector.constant };
  if (to.kind === "json") return toJson(vector);
  if (isWidening(type, to) && (onFailure === "error" || neverFails(type, to))) {
    return widened(vector, to, text);
  }
  const isWhole = vector.form === "number" && (type.kind === "int32" || type.kind === "int53");
  if (isWhole && to.kind === "utf8") return textsOfWholes(vector);
  return (
    truncated(vector, to, onFailure, text) ??
    parsed(vector, to, onFailure, text) ??
    midnights(vector, to) ??
    eachCast(vector, to, onFailure, text)
  );
}
