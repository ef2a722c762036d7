// JSON whose numbers keep the digits that a double would lose: columns of decimals and of 64 bits hold them.

/** A number as it is written. It is made where its digits may be more than a double has. */
export class LongNumber {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }

  get nearest(): number {
    return Number(this.digits);
  }

  /** For messages. */
  toJSON(): number {
    return this.nearest;
  }
}

/** At most 15 digits without an exponent come back from a double as they were. */
const digitsMax = 15;
const longNumber = new RegExp(`\\d[\\d.]{${digitsMax}}|\\d[eE][-+\\d]`);
const backslash = 92;

/** Behind the quote that ends the text which begins at `open`. */
function textEnd(text: string, open: number): number {
  for (let quote = text.indexOf('"', open + 1); ; quote = text.indexOf('"', quote + 1)) {
    let escapes = quote;
    while (text.charCodeAt(escapes - 1) === backslash) escapes--;
    if ((quote - escapes) % 2 === 0) return quote + 1;
  }
}

/** Behind a number, `true`, `false` or `null`. */
function wordEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && !",]} \t\r\n".includes(text[at]!)) at++;
  return at;
}

/** An object or array that is not closed yet. */
interface Open {
  readonly isObject: boolean;
  /** An object's name and value by turns. */
  readonly values: unknown[];
}

function closed({ isObject, values }: Open): unknown {
  if (!isObject) return values;
  const entries: [string, unknown][] = [];
  for (let i = 0; i < values.length; i += 2) entries.push([values[i] as string, values[i + 1]]);
  // Names such as `__proto__` are those of own fields, as JSON.parse has it.
  return Object.fromEntries(entries);
}

/** Of a text that is JSON. Without recursion: values may lie in each other as deep as they like. */
function withLongNumbers(text: string): unknown {
  const outside: Open[] = [];
  let open: Open = { isObject: false, values: [] };
  for (let at = 0; at < text.length; ) {
    const first = text[at]!;
    if (first === "{" || first === "[") {
      outside.push(open);
      open = { isObject: first === "{", values: [] };
      at++;
    } else if (first === "}" || first === "]") {
      const value = closed(open);
      open = outside.pop()!;
      open.values.push(value);
      at++;
    } else if (",: \t\r\n".includes(first)) at++;
    else {
      const end = first === '"' ? textEnd(text, at) : wordEnd(text, at);
      const word = text.slice(at, end);
      const isLong = first !== '"' && longNumber.test(word);
      open.values.push(isLong ? new LongNumber(word) : (JSON.parse(word) as unknown));
      at = end;
    }
  }
  return open.values[0];
}

/** As JSON.parse, but for numbers that may have more digits than a double, which are LongNumber. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return longNumber.test(text) ? withLongNumbers(text) : value;
}

/** The value as JSON.parse has it. */
export function asDoubles(value: unknown): unknown {
  if (value instanceof LongNumber) return value.nearest;
  if (Array.isArray(value)) return value.map(asDoubles);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, asDoubles(one)]));
}
