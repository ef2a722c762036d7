// The source map of a compiled job: only what finds places in the user's own sources, inside the module.
//
// Nearly all of a job's map is of the runtime, so it is read and written in one pass without a value per segment: to
// decode it first was a large part of the time in which a new process compiles a small job.

import { assert } from "../../proto/errors.ts";

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const valueOfDigit = new Uint8Array(128);
for (let value = 0; value < digits.length; value++) valueOfDigit[digits.charCodeAt(value)] = value;

const comma = 44;
const semicolon = 59;

/** Base64 variable-length quantity: five bits a digit, the lowest bit of the value is its sign. */
function quantity(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += digits[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}

/** A place in the module, and the one in a source that it comes from. Texts hold each as its difference from before. */
class Place {
  generated = 0;
  source = 0;
  line = 0;
  column = 0;
}

class MappingsReader extends Place {
  private readonly text: string;
  private at = 0;
  /** Whether the last segment tells a place in a source. */
  hasSource = false;

  constructor(text: string) {
    super();
    this.text = text;
  }

  /** Takes what stands between segments: how many lines end there. */
  skipToSegment(): number {
    let lines = 0;
    for (; this.isAtSegmentEnd; this.at++) {
      if (this.at >= this.text.length) return lines;
      if (this.text.charCodeAt(this.at) === semicolon) lines++;
    }
    if (lines > 0) this.generated = 0;
    return lines;
  }

  /** False at the end of the text. */
  readSegment(): boolean {
    if (this.at >= this.text.length) return false;
    this.generated += this.quantity();
    this.hasSource = !this.isAtSegmentEnd;
    if (!this.hasSource) return true;
    this.source += this.quantity();
    this.line += this.quantity();
    this.column += this.quantity();
    // A name, which is not asked for.
    if (!this.isAtSegmentEnd) this.quantity();
    return true;
  }

  private get isAtSegmentEnd(): boolean {
    if (this.at >= this.text.length) return true;
    const unit = this.text.charCodeAt(this.at);
    return unit === comma || unit === semicolon;
  }

  private quantity(): number {
    let value = 0;
    for (let shift = 0; ; shift += 5) {
      assert(this.at < this.text.length, "the compiler's source map ends within a number");
      const digit = valueOfDigit[this.text.charCodeAt(this.at++)]!;
      value |= (digit & 31) << shift;
      if (digit < 32) return (value & 1) === 0 ? value >>> 1 : -(value >>> 1);
    }
  }
}

/** Places in the runtime interest nobody: one segment says as much as a thousand. */
export function withoutDetails(mappings: string, runtimeSource: number): string {
  const read = new MappingsReader(mappings);
  const written = new Place();
  let text = "";
  let isLineStart = true;
  let wasRuntime = false;
  for (;;) {
    const lines = read.skipToSegment();
    if (lines > 0) {
      text += ";".repeat(lines);
      written.generated = 0;
      isLineStart = true;
      wasRuntime = false;
    }
    if (!read.readSegment()) return text;
    const isRuntime = read.hasSource && read.source === runtimeSource;
    const isDetail = isRuntime && wasRuntime;
    wasRuntime = isRuntime;
    if (isDetail) continue;
    text += `${isLineStart ? "" : ","}${quantity(read.generated - written.generated)}`;
    written.generated = read.generated;
    isLineStart = false;
    if (!read.hasSource) continue;
    const [line, column] = isRuntime ? [0, 0] : [read.line, read.column];
    text += quantity(read.source - written.source) + quantity(line - written.line);
    text += quantity(column - written.column);
    Object.assign(written, { source: read.source, line, column });
  }
}

interface SourceMap {
  readonly sources: readonly string[];
  readonly mappings: string;
}

/** The comment to end a module with. `runtime`: the runtime's source in the map, and the name to give it. */
export function inlineMapComment(
  mapJson: string,
  runtime: { readonly source: string; readonly name: string },
): string {
  const map = JSON.parse(mapJson) as SourceMap;
  const mappings = withoutDetails(map.mappings, map.sources.indexOf(runtime.source));
  const sources = map.sources.map((source) => (source === runtime.source ? runtime.name : source));
  const small = JSON.stringify({ version: 3, sources, names: [], mappings });
  const base64 = Buffer.from(small, "utf8").toString("base64");
  // In two pieces, or tools would take this line for the map of this file.
  return `//# ${"source"}MappingURL=data:application/json;base64,${base64}\n`;
}
