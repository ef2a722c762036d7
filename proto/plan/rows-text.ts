// Text of many rows that a program is given or returns: by columns where they are records of the same keys.

import { encodeValue } from "./values.ts";

/** Fewer rows are written one by one: names of columns would be most of them. */
const columnRowsMin = 32;
/** Texts of a column are written once each where at most this share of them is different. */
const wordsShareMax = 0.5;
/** After so many values it is looked whether they repeat. */
const wordsProbeRows = 256;

/**
 * Collects rows as they come. Its text is tagged JSON of one array: `decodeValue` answers all rows in order.
 * Records by columns take a fraction of the bytes, and each process on their way copies, checks and keeps these.
 */
export class RowsText {
  readonly #pieces: string[] = [];
  /** Rows since the last piece of columns, one text each. */
  #rows: string[] = [];
  #units = 0;
  rows = 0;

  /** Of the text so far, about. */
  get units(): number {
    return this.#units;
  }

  /** Stops where the text is longer than `unitsMax`: what comes then is for nobody. */
  add(rows: readonly unknown[], unitsMax = Number.POSITIVE_INFINITY): void {
    const names = rows.length < columnRowsMin ? undefined : sharedKeys(rows);
    if (names !== undefined) {
      const records = rows as readonly Readonly<Record<string, unknown>>[];
      const columns = names.map((name) => records.map((record) => record[name]));
      this.#addPiece(piece(rows.length, names, columns), rows.length);
      return;
    }
    for (let i = 0; i < rows.length && this.#units <= unitsMax; i++) {
      const text = encodeValue(rows[i]);
      this.#rows.push(text);
      this.#units += text.length + 1;
      this.rows += 1;
    }
  }

  /** Records of these keys, each of which all of them have. */
  addColumns(
    rows: number,
    names: readonly string[],
    columns: readonly (readonly unknown[])[],
  ): void {
    this.#addPiece(piece(rows, names, columns), rows);
  }

  text(): string {
    if (this.#pieces.length === 0) return `[${this.#rows.join(",")}]`;
    this.#closeRows();
    return `{"$millrace":"rows","v":[${this.#pieces.join(",")}]}`;
  }

  #addPiece(text: string, rows: number): void {
    this.#closeRows();
    this.#pieces.push(text);
    this.#units += text.length + 1;
    this.rows += rows;
  }

  #closeRows(): void {
    if (this.#rows.length === 0) return;
    this.#pieces.push(`[${this.#rows.join(",")}]`);
    this.#rows = [];
  }
}

/** Whether rows that come as columns are so many that they should stay columns. */
export function areColumnsShorter(rows: number): boolean {
  return rows >= columnRowsMin;
}

/** As `encodeValue`, for what a program returns: most of what is long is an array of records. */
export function encodeResult(value: unknown): string {
  if (!Array.isArray(value) || value.length < columnRowsMin) return encodeValue(value);
  if (sharedKeys(value) === undefined) return encodeValue(value);
  const rows = new RowsText();
  rows.add(value);
  return rows.text();
}

/** The keys of all rows, where each is a plain record of the same ones in the same order. */
function sharedKeys(rows: readonly unknown[]): readonly string[] | undefined {
  const keys = isRecord(rows[0]) ? Object.keys(rows[0]) : [];
  if (keys.length === 0) return undefined;
  for (let i = 1; i < rows.length; i++) {
    const row = rows[i];
    if (!isRecord(row)) return undefined;
    const own = Object.keys(row);
    if (own.length !== keys.length) return undefined;
    for (let at = 0; at < own.length; at++) if (own[at] !== keys[at]) return undefined;
  }
  return keys;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  return Object.getPrototypeOf(value) === Object.prototype;
}

function piece(
  rows: number,
  names: readonly string[],
  columns: readonly (readonly unknown[])[],
): string {
  const texts = columns.map((values) => wordsText(values) ?? encodeValue(values));
  return `{"rows":${rows},"names":${JSON.stringify(names)},"columns":[${texts.join(",")}]}`;
}

/** Each text once, and numbers of them; undefined where not all are texts, or most are different. */
function wordsText(values: readonly unknown[]): string | undefined {
  if (typeof values[0] !== "string") return undefined;
  const numbers = new Map<string, number>();
  const codes = new Array<number>(values.length);
  const wordsMax = values.length * wordsShareMax;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== "string") return undefined;
    let number = numbers.get(value);
    if (number === undefined) {
      number = numbers.size;
      if (number >= wordsMax) return undefined;
      if (i >= wordsProbeRows && number > i * wordsShareMax) return undefined;
      numbers.set(value, number);
    }
    codes[i] = number;
  }
  return `{"words":${JSON.stringify([...numbers.keys()])},"at":[${codes.join(",")}]}`;
}
