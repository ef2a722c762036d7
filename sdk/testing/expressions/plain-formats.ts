// Times as text in a format and back, one token after the other.

import {
  daysOf,
  type Fields,
  isoOffset,
  isoYear,
  isRealDate,
  microsOfDay,
  type ReadTime,
} from "./zone-times.ts";

const months =
  "January February March April May June July August September October November December".split(
    " ",
  );
const weekdays = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(" ");

interface Token {
  readonly letters: string;
  readonly text: string;
}

function tokensOf(format: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < format.length; ) {
    const character = format[at]!;
    let end = at + 1;
    if (character === "'") {
      let text = "";
      for (; end < format.length && (format[end] !== "'" || format[end + 1] === "'"); end++) {
        text += format[end];
        if (format[end] === "'") end++;
      }
      tokens.push({ letters: "", text: text === "" ? "'" : text });
      at = end + 1;
      continue;
    }
    const isLetter = /[A-Za-z]/.test(character);
    while (isLetter && format[end] === character) end++;
    const text = format.slice(at, end);
    tokens.push(isLetter ? { letters: text, text: "" } : { letters: "", text });
    at = end;
  }
  return tokens;
}

const digits = (value: number, width: number): string => String(value).padStart(width, "0");

function fieldText(letters: string, fields: Fields, offset: number): string {
  const { year, month, day, weekday, hour, minute, second, micros, days } = fields;
  const half = hour % 12 === 0 ? 12 : hour % 12;
  const texts: Readonly<Record<string, string>> = {
    yyyy: isoYear(year),
    yy: digits(((year % 100) + 100) % 100, 2),
    MMMM: months[month - 1]!,
    MMM: months[month - 1]!.slice(0, 3),
    MM: digits(month, 2),
    M: String(month),
    Q: String(Math.floor((month + 2) / 3)),
    dd: digits(day, 2),
    d: String(day),
    DDD: digits(days - daysOf(year, 1, 1) + 1, 3),
    EEEE: weekdays[weekday - 1]!,
    EEE: weekdays[weekday - 1]!.slice(0, 3),
    HH: digits(hour, 2),
    H: String(hour),
    hh: digits(half, 2),
    h: String(half),
    mm: digits(minute, 2),
    m: String(minute),
    ss: digits(second, 2),
    s: String(second),
    SSS: digits(Math.floor(micros / 1000), 3),
    SSSSSS: digits(micros, 6),
    a: hour < 12 ? "AM" : "PM",
    ZZ: offset === 0 ? "Z" : isoOffset(offset),
  };
  return texts[letters]!;
}

export function formatFields(fields: Fields, format: string, offset: number): string {
  return tokensOf(format)
    .map(({ letters, text }) => (letters === "" ? text : fieldText(letters, fields, offset)))
    .join("");
}

/** What a field takes at the start of a text. */
function taken(letters: string, text: string): string | undefined {
  const names: Readonly<Record<string, readonly string[]>> = {
    MMMM: months,
    MMM: months.map((name) => name.slice(0, 3)),
    EEEE: weekdays,
    EEE: weekdays.map((name) => name.slice(0, 3)),
    a: ["AM", "PM"],
  };
  const own = names[letters];
  if (own !== undefined) {
    const found = own.find((name) => text.toLowerCase().startsWith(name.toLowerCase()));
    return found && text.slice(0, found.length);
  }
  const widths: Readonly<Record<string, RegExp>> = {
    yyyy: /^([+-]\d{6}|\d{4})/,
    ZZ: /^(Z|[+-]\d\d:\d\d(:\d\d)?)/i,
    Q: /^[1-4]/,
  };
  const width = letters.length;
  const pattern = widths[letters] ?? (width === 1 ? /^\d{1,2}/ : new RegExp(`^\\d{${width}}`));
  return pattern.exec(text)?.[0];
}

/** The time that a text shows; undefined where it does not fit the format from end to end. */
export function readFormat(text: string, format: string): ReadTime | undefined {
  const found: Record<string, string> = {};
  let rest = text;
  for (const { letters, text: fixed } of tokensOf(format)) {
    const piece = letters === "" ? fixed : taken(letters, rest);
    if (piece === undefined) return undefined;
    if (!rest.toLowerCase().startsWith(piece.toLowerCase())) return undefined;
    if (letters !== "") found[letters] = piece;
    rest = rest.slice(piece.length);
  }
  return rest === "" ? timeOf(found) : undefined;
}

function timeOf(found: Readonly<Record<string, string>>): ReadTime | undefined {
  const number = (...names: string[]) => {
    const name = names.find((candidate) => found[candidate] !== undefined);
    return name === undefined ? undefined : Number(found[name]);
  };
  const short = number("yy");
  const year = number("yyyy") ?? (short === undefined ? 1970 : 2000 + short);
  const named = found.MMMM ?? found.MMM;
  const month =
    named === undefined
      ? (number("MM", "M") ?? 1)
      : months.findIndex((name) => name.toLowerCase().startsWith(named.slice(0, 3).toLowerCase())) +
        1;
  const day = number("dd", "d") ?? 1;
  const ofYear = number("DDD");
  const yearDays = daysOf(year + 1, 1, 1) - daysOf(year, 1, 1);
  if (ofYear === undefined ? !isRealDate(year, month, day) : ofYear < 1 || ofYear > yearDays) {
    return undefined;
  }
  const days = ofYear === undefined ? daysOf(year, month, day) : daysOf(year, 1, 1) + ofYear - 1;
  const half = number("hh", "h");
  if (half !== undefined && number("HH", "H") === undefined && (half < 1 || half > 12))
    return undefined;
  const isLate = found.a?.toLowerCase() === "pm";
  const hour = number("HH", "H") ?? (half === undefined ? 0 : (half % 12) + (isLate ? 12 : 0));
  const minute = number("mm", "m") ?? 0;
  const second = number("ss", "s") ?? 0;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = Number((found.SSSSSS ?? found.SSS ?? "").padEnd(6, "0"));
  const clock = (hour * 3600 + minute * 60 + second) * 1_000_000 + fraction;
  return { micros: BigInt(days) * microsOfDay + BigInt(clock), offset: offsetOf(found.ZZ) };
}

function offsetOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text.toLowerCase() === "z") return 0;
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(1).split(":").map(Number);
  const size = hours * 3600 + minutes * 60 + seconds;
  return text.startsWith("-") ? -size : size;
}
