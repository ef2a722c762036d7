// Times as text in a pattern of letters, and back: a part of the patterns of Unicode (UTS 35), in English.

import { civilOfDays, dayOfWeek, dayOfYear, daysOfCivil, isDate } from "./civil.ts";
import { offsetText, parseOffset, yearText } from "./iso.ts";
import type { LocalTime } from "./local.ts";

export type FormatPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "letters"; readonly letters: string };

const known = new Set(
  [
    "yyyy",
    "yy",
    "MMMM",
    "MMM",
    "MM",
    "M",
    "dd",
    "d",
    "DDD",
    "EEEE",
    "EEE",
    "HH",
    "H",
    "hh",
    "h",
  ].concat(["mm", "m", "ss", "s", "SSSSSS", "SSS", "a", "ZZ", "Q"]),
);

const months = [
  ...["January", "February", "March", "April", "May", "June", "July"],
  ...["August", "September", "October", "November", "December"],
];
const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** The parts of a format, or the letters that mean nothing. Text stands in single quotes; '' is a quote. */
export function parseFormat(format: string): readonly FormatPart[] | { readonly unknown: string } {
  const parts: FormatPart[] = [];
  const tokens = format.match(/'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'/g) ?? [];
  for (const token of tokens) {
    if (/^[A-Za-z]/.test(token)) {
      if (!known.has(token)) return { unknown: token };
      parts.push({ kind: "letters", letters: token });
    } else if (token.startsWith("'")) {
      if (token === "'") return { unknown: "'" };
      const inner = token.slice(1, -1).replaceAll("''", "'");
      parts.push({ kind: "text", text: inner === "" ? "'" : inner });
    } else parts.push({ kind: "text", text: token });
  }
  return parts;
}

const padded = (value: number, width: number): string => String(value).padStart(width, "0");

function lettersText(letters: string, { days, micros }: LocalTime, offset: number): string {
  const { year, month, day } = civilOfDays(days);
  const seconds = Math.floor(micros / 1_000_000);
  const hour = Math.floor(seconds / 3600);
  const width = letters.length;
  switch (letters) {
    case "yyyy":
      return yearText(year);
    case "yy":
      return padded(((year % 100) + 100) % 100, 2);
    case "MMMM":
      return months[month - 1]!;
    case "MMM":
      return months[month - 1]!.slice(0, 3);
    case "Q":
      return String(Math.ceil(month / 3));
    case "DDD":
      return padded(dayOfYear(days), 3);
    case "EEEE":
      return weekdays[dayOfWeek(days) - 1]!;
    case "EEE":
      return weekdays[dayOfWeek(days) - 1]!.slice(0, 3);
    case "a":
      return hour < 12 ? "AM" : "PM";
    case "SSS":
      return padded(Math.floor((micros % 1_000_000) / 1000), 3);
    case "SSSSSS":
      return padded(micros % 1_000_000, 6);
    case "ZZ":
      return offset === 0 ? "Z" : offsetText(offset);
    default: {
      const values: Readonly<Record<string, number>> = {
        M: month,
        d: day,
        H: hour,
        h: ((hour + 11) % 12) + 1,
        m: Math.floor(seconds / 60) % 60,
        s: seconds % 60,
      };
      return padded(values[letters[0]!]!, width);
    }
  }
}

export function formatTime(
  parts: readonly FormatPart[],
  local: LocalTime,
  offsetSeconds: number,
): string {
  return parts
    .map((part) =>
      part.kind === "text" ? part.text : lettersText(part.letters, local, offsetSeconds),
    )
    .join("");
}

const patterns: Readonly<Record<string, string>> = {
  yyyy: "[+-]\\d{6}|\\d{4}",
  yy: "\\d{2}",
  MMMM: months.join("|"),
  MMM: months.map((name) => name.slice(0, 3)).join("|"),
  DDD: "\\d{3}",
  EEEE: weekdays.join("|"),
  EEE: weekdays.map((name) => name.slice(0, 3)).join("|"),
  a: "AM|PM",
  SSS: "\\d{3}",
  SSSSSS: "\\d{6}",
  ZZ: "Z|[+-]\\d\\d:\\d\\d(?::\\d\\d)?",
  Q: "[1-4]",
};

export interface ParsedTime extends LocalTime {
  /** Seconds east of UTC, where the text says it. */
  readonly offset: number | undefined;
}

export type TimeParser = (text: string) => ParsedTime | undefined;

/** Reads texts that fit the format from end to end. What it does not say is 1970-01-01 at 0:00. */
export function timeParser(parts: readonly FormatPart[]): TimeParser {
  const source = parts.map((part) => {
    if (part.kind === "text") return part.text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
    const digits = part.letters.length === 1 ? "\\d{1,2}" : "\\d{2}";
    return `(${patterns[part.letters] ?? digits})`;
  });
  const pattern = new RegExp(`^${source.join("")}$`, "iu");
  const letters = parts.flatMap((part) => (part.kind === "letters" ? [part.letters] : []));
  return (text) => {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    return timeOfFields(new Map(letters.map((each, index) => [each, match[index + 1]!])));
  };
}

function monthIndex(name: string): number {
  return (
    months.findIndex(
      (month) => month.slice(0, 3).toLowerCase() === name.slice(0, 3).toLowerCase(),
    ) + 1
  );
}

function hourOf(fields: ReadonlyMap<string, string>): number | undefined {
  const full = fields.get("HH") ?? fields.get("H");
  if (full !== undefined) return Number(full) <= 23 ? Number(full) : undefined;
  const half = fields.get("hh") ?? fields.get("h");
  if (half === undefined) return 0;
  if (Number(half) < 1 || Number(half) > 12) return undefined;
  return (Number(half) % 12) + (fields.get("a")?.toUpperCase() === "PM" ? 12 : 0);
}

function daysOfFields(fields: ReadonlyMap<string, string>): number | undefined {
  const short = fields.get("yy");
  const year = Number(fields.get("yyyy") ?? (short === undefined ? "1970" : 2000 + Number(short)));
  const ofYear = fields.get("DDD");
  if (ofYear !== undefined) {
    const days = daysOfCivil(year, 1, 1) + Number(ofYear) - 1;
    return civilOfDays(days).year === year && Number(ofYear) > 0 ? days : undefined;
  }
  const name = fields.get("MMMM") ?? fields.get("MMM");
  const month =
    name === undefined ? Number(fields.get("MM") ?? fields.get("M") ?? "1") : monthIndex(name);
  const day = Number(fields.get("dd") ?? fields.get("d") ?? "1");
  return isDate(year, month, day) ? daysOfCivil(year, month, day) : undefined;
}

function timeOfFields(fields: ReadonlyMap<string, string>): ParsedTime | undefined {
  const days = daysOfFields(fields);
  const hour = hourOf(fields);
  const minute = Number(fields.get("mm") ?? fields.get("m") ?? "0");
  const second = Number(fields.get("ss") ?? fields.get("s") ?? "0");
  if (days === undefined || hour === undefined || minute > 59 || second > 59) return undefined;
  const fraction = fields.get("SSSSSS") ?? fields.get("SSS") ?? "0";
  const micros = (hour * 3600 + minute * 60 + second) * 1_000_000 + Number(fraction.padEnd(6, "0"));
  const zone = fields.get("ZZ");
  if (zone === undefined) return { days, micros, offset: undefined };
  if (zone.toUpperCase() === "Z") return { days, micros, offset: 0 };
  const [hours = "0", minutes = "0", seconds] = zone.slice(1).split(":");
  return { days, micros, offset: parseOffset(zone[0]!, hours, minutes, seconds) };
}
