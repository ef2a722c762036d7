// Encodes strings as UTF-8 in place, and refuses those that have no UTF-8 form.
import { EngineError } from "../../proto/errors.ts";

const encoder = new TextEncoder();

/**
 * TextEncoder would turn every unpaired surrogate into U+FFFD, and two different strings into one
 * key. They come from cutting a string inside a character (`"😀".split("")`), which is a mistake to
 * report.
 */
function loneSurrogate(value: string): EngineError {
  const shown = JSON.stringify(value.slice(0, 40));
  return new EngineError(
    "VALUE_UNSUPPORTED",
    `string ${shown} of ${value.length} UTF-16 units holds half of a surrogate pair, which has ` +
      "no UTF-8 form; split text by characters with [...text], or apply toWellFormed() to it",
  );
}

/**
 * Writes `value` at `target[at]` and returns where it ends. Needs three free bytes per UTF-16 unit.
 * For short strings: a call of TextEncoder costs as much as 50 characters here.
 */
export function writeUtf8Short(value: string, target: Uint8Array, at: number): number {
  let end = at;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit < 0x80) {
      target[end++] = unit;
    } else if (unit < 0x800) {
      target[end++] = 0xc0 | (unit >> 6);
      target[end++] = 0x80 | (unit & 0x3f);
    } else if ((unit & 0xf800) !== 0xd800) {
      target[end++] = 0xe0 | (unit >> 12);
      target[end++] = 0x80 | ((unit >> 6) & 0x3f);
      target[end++] = 0x80 | (unit & 0x3f);
    } else {
      const low = index + 1 < value.length ? value.charCodeAt(index + 1) : 0;
      if (unit >= 0xdc00 || (low & 0xfc00) !== 0xdc00) throw loneSurrogate(value);
      const point = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
      target[end++] = 0xf0 | (point >> 18);
      target[end++] = 0x80 | ((point >> 12) & 0x3f);
      target[end++] = 0x80 | ((point >> 6) & 0x3f);
      target[end++] = 0x80 | (point & 0x3f);
      index++;
    }
  }
  return end;
}

/** The same for strings of any length. */
export function writeUtf8Long(value: string, target: Uint8Array, at: number): number {
  const { written } = encoder.encodeInto(value, target.subarray(at));
  if (written !== value.length && /\p{Surrogate}/u.test(value)) throw loneSurrogate(value);
  return at + written;
}

/** The bytes of a string in an array of their own. */
export function utf8Of(value: string): Uint8Array {
  const bytes = encoder.encode(value);
  if (bytes.length !== value.length && /\p{Surrogate}/u.test(value)) throw loneSurrogate(value);
  return bytes;
}
