// Finds the values of wanted fields in one line of JSON by its bytes, without an object or a string for any of them.
//
// It knows the usual case alone. A line that it says nothing about (a name with escapes, a field twice, what is no JSON)
// goes to JSON.parse, so nothing is ever accepted here that is refused there: values of other fields are checked as well.

import type { Field } from "../../plan/types.ts";

export const jsonAbsent = 0;
export const jsonNull = 1;
/** Its bytes are those between the quotes. */
export const jsonText = 2;
/** A text with escapes, its quotes included. */
export const jsonEscaped = 3;
/** Digits alone, with or without a minus. */
export const jsonWhole = 4;
/** Digits with a point among them. */
export const jsonFraction = 5;
/** A number with an exponent. */
export const jsonExponent = 6;
export const jsonBool = 7;
export const jsonObject = 8;
export const jsonArray = 9;
export const jsonKinds = 10;

const quote = 34;
const backslash = 92;
const comma = 44;
const colon = 58;
const openBrace = 123;
const closeBrace = 125;
const openBracket = 91;
const closeBracket = 93;
const minus = 45;
const plus = 43;
const point = 46;
const zero = 48;
const lowerE = 101;
const lowerU = 117;
const space = 32;

/** Values within values of fields that are not wanted. */
const depthMax = 64;

/** The fields of a record, or of one inside it. */
interface Shape {
  readonly names: readonly Uint8Array[];
  /** The first number of each field; those inside follow. */
  readonly numbers: readonly number[];
  readonly inside: readonly (Shape | undefined)[];
}

/** Every field of the schema has a number: in order, those inside a struct behind its own. */
export function countFields(fields: readonly Field[]): number {
  let count = 0;
  for (const { type } of fields)
    count += 1 + (type.kind === "struct" ? countFields(type.fields) : 0);
  return count;
}

function shapeOf(fields: readonly Field[], first: number): Shape {
  const numbers: number[] = [];
  let next = first;
  const inside = fields.map(({ type }) => {
    numbers.push(next++);
    if (type.kind !== "struct") return undefined;
    const shape = shapeOf(type.fields, next);
    next += countFields(type.fields);
    return shape;
  });
  return { names: fields.map(({ name }) => new TextEncoder().encode(name)), numbers, inside };
}

/** A name that stands in a line as it is. */
function isPlain(fields: readonly Field[]): boolean {
  return fields.every(
    ({ name, type }) =>
      JSON.stringify(name) === `"${name}"` && (type.kind !== "struct" || isPlain(type.fields)),
  );
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= zero + 9;
}

/** Of `u` and its four digits, or of one of the letters that may stand behind a backslash. */
const escapable = new Uint8Array(256);
for (const letter of '"\\/bfnrt') escapable[letter.charCodeAt(0)] = 1;

function isHexDigit(byte: number): boolean {
  const letter = byte | 32;
  return isDigit(byte) || (letter >= 97 && letter <= 102);
}

export class RecordScanner {
  /** What each field is, by its number. */
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  private readonly shape: Shape;
  private readonly isPlain: boolean;
  private bytes: Uint8Array = new Uint8Array(0);
  /** Whether the last text has escapes. */
  private isEscaped = false;

  constructor(fields: readonly Field[]) {
    const count = countFields(fields);
    this.kinds = new Uint8Array(count);
    this.starts = new Int32Array(count);
    this.ends = new Int32Array(count);
    this.shape = shapeOf(fields, 0);
    this.isPlain = isPlain(fields);
  }

  /** Whether the line is a record that it understands. At `end` there is a newline, and none before. */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.isPlain) return false;
    const { kinds } = this;
    for (let i = 0; i < kinds.length; i++) kinds[i] = jsonAbsent;
    this.bytes = bytes;
    const open = this.past(start);
    if (bytes[open] !== openBrace) return false;
    const close = this.object(this.shape, open + 1);
    return close > 0 && this.past(close) === end;
  }

  /** The first byte that is no space; the newline is none, since it ends the line. */
  private past(from: number): number {
    const { bytes } = this;
    let at = from;
    for (let byte = bytes[at]; byte === space || byte === 13 || byte === 9; ) byte = bytes[++at];
    return at;
  }

  // All below answer the place behind what they read, -1 where they do not understand it.

  private object(shape: Shape, from: number): number {
    const { bytes, kinds } = this;
    let at = this.past(from);
    if (bytes[at] === closeBrace) return at + 1;
    for (let next = 0; ; ) {
      if (bytes[at] !== quote) return -1;
      let field = this.isNamed(shape, next, at + 1) ? next : -1;
      let close = at + 1;
      if (field >= 0) close += shape.names[field]!.length;
      else {
        close = this.closing(at + 1);
        if (close < 0 || this.isEscaped) return -1;
        field = this.find(shape, at + 1, close);
      }
      at = this.past(close + 1);
      if (bytes[at] !== colon) return -1;
      at = this.past(at + 1);
      if (field >= 0) {
        const number = shape.numbers[field]!;
        if (kinds[number] !== jsonAbsent) return -1;
        at = this.value(number, shape.inside[field], at);
        next = field + 1;
      } else at = this.skip(at, 0);
      if (at < 0) return -1;
      at = this.past(at);
      if (bytes[at] !== comma) return bytes[at] === closeBrace ? at + 1 : -1;
      at = this.past(at + 1);
    }
  }

  /** Whether the field's name begins there, with a quote behind it. */
  private isNamed({ names }: Shape, field: number, at: number): boolean {
    const { bytes } = this;
    const name = names[field];
    if (name === undefined || bytes[at + name.length] !== quote) return false;
    for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false;
    return true;
  }

  private find(shape: Shape, start: number, end: number): number {
    const { names } = shape;
    for (let field = 0; field < names.length; field++) {
      if (names[field]!.length === end - start && this.isNamed(shape, field, start)) return field;
    }
    return -1;
  }

  /** The place of the quote that ends a text. */
  private closing(from: number): number {
    const { bytes } = this;
    this.isEscaped = false;
    for (let at = from; ; at++) {
      const byte = bytes[at]!;
      if (byte === quote) return at;
      if (byte < space) return -1;
      if (byte !== backslash) continue;
      at = this.escape(at + 1);
      if (at < 0) return -1;
      this.isEscaped = true;
    }
  }

  /** The last byte of an escape. */
  private escape(at: number): number {
    const { bytes } = this;
    const letter = bytes[at]!;
    if (letter !== lowerU) return escapable[letter] === 1 ? at : -1;
    for (let i = at + 1; i <= at + 4; i++) if (!isHexDigit(bytes[i]!)) return -1;
    return at + 4;
  }

  private value(number: number, inside: Shape | undefined, at: number): number {
    const { kinds } = this;
    switch (this.bytes[at]) {
      case quote: {
        const close = this.closing(at + 1);
        if (close < 0) return -1;
        if (this.isEscaped) return this.note(number, jsonEscaped, at, close + 1);
        this.note(number, jsonText, at + 1, close);
        return close + 1;
      }
      case openBrace:
        kinds[number] = jsonObject;
        if (inside !== undefined) return this.object(inside, at + 1);
        return this.note(number, jsonObject, at, this.skip(at, 0));
      case openBracket:
        return this.note(number, jsonArray, at, this.skip(at, 0));
      case 110:
        return this.note(number, jsonNull, at, this.skip(at, 0));
      case 116:
      case 102:
        return this.note(number, jsonBool, at, this.skip(at, 0));
      default: {
        const whole = this.whole(at);
        const fraction = whole < 0 ? -1 : this.fraction(whole);
        const end = fraction < 0 ? -1 : this.exponent(fraction);
        if (end > fraction) return this.note(number, jsonExponent, at, end);
        return this.note(number, fraction > whole ? jsonFraction : jsonWhole, at, end);
      }
    }
  }

  private note(number: number, kind: number, start: number, end: number): number {
    this.kinds[number] = kind;
    this.starts[number] = start;
    this.ends[number] = end;
    return end;
  }

  /** A value of any kind. */
  private skip(at: number, depth: number): number {
    if (depth > depthMax) return -1;
    switch (this.bytes[at]) {
      case quote:
        return this.closing(at + 1) + 1 || -1;
      case openBrace:
        return this.skipMany(at + 1, closeBrace, depth + 1);
      case openBracket:
        return this.skipMany(at + 1, closeBracket, depth + 1);
      case 110:
        return this.word(at, "null");
      case 116:
        return this.word(at, "true");
      case 102:
        return this.word(at, "false");
      default: {
        const whole = this.whole(at);
        const fraction = whole < 0 ? -1 : this.fraction(whole);
        return fraction < 0 ? -1 : this.exponent(fraction);
      }
    }
  }

  /** Members of an object, or items of an array. */
  private skipMany(from: number, close: number, depth: number): number {
    const { bytes } = this;
    let at = this.past(from);
    if (bytes[at] === close) return at + 1;
    for (;;) {
      if (close === closeBrace) {
        const end = bytes[at] === quote ? this.closing(at + 1) : -1;
        if (end < 0) return -1;
        at = this.past(end + 1);
        if (bytes[at] !== colon) return -1;
        at = this.past(at + 1);
      }
      at = this.skip(at, depth);
      if (at < 0) return -1;
      at = this.past(at);
      if (bytes[at] !== comma) return bytes[at] === close ? at + 1 : -1;
      at = this.past(at + 1);
    }
  }

  private word(at: number, word: string): number {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[at + i] !== word.charCodeAt(i)) return -1;
    }
    return at + word.length;
  }

  /** No zero in front of other digits. */
  private whole(from: number): number {
    const { bytes } = this;
    let at = bytes[from] === minus ? from + 1 : from;
    if (bytes[at] === zero) return at + 1;
    const first = at;
    while (isDigit(bytes[at]!)) at++;
    return at === first ? -1 : at;
  }

  /** Digits behind a point, where there is one. */
  private fraction(from: number): number {
    const { bytes } = this;
    if (bytes[from] !== point) return from;
    let at = from + 1;
    while (isDigit(bytes[at]!)) at++;
    return at === from + 1 ? -1 : at;
  }

  private exponent(from: number): number {
    const { bytes } = this;
    if ((bytes[from]! | 32) !== lowerE) return from;
    let at = from + 1;
    if (bytes[at] === plus || bytes[at] === minus) at++;
    const first = at;
    while (isDigit(bytes[at]!)) at++;
    return at === first ? -1 : at;
  }
}
