// Times on the clocks of zones, by asking Intl each time and by the calendar of Date.

export const microsOfDay = 86_400_000_000n;

/** Calendar and clock of microseconds since 1970 as read in UTC. */
export interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** 1 (Monday) to 7. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
  readonly days: number;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const rest = ((value % by) + by) % by;
  return (value - rest) / by;
}

export function fieldsOf(local: bigint): Fields {
  const date = new Date(Number(floorDivide(local, 1000n)));
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: ((date.getUTCDay() + 6) % 7) + 1,
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    micros: Number(((local % 1_000_000n) + 1_000_000n) % 1_000_000n),
    days: Number(floorDivide(local, microsOfDay)),
  };
}

/** Days since 1970; months and days beyond their ends roll over. */
export function daysOf(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return Math.round(date.getTime() / 86_400_000);
}

export function isRealDate(year: number, month: number, day: number): boolean {
  const whole = [year, month, day].every(Number.isInteger) && Math.abs(year) <= 200_000;
  if (!whole || month < 1 || month > 12 || day < 1 || day > 31) return false;
  return fieldsOf(BigInt(daysOf(year, month, day)) * microsOfDay).day === day;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Seconds east of UTC of an instant. */
export function offsetSeconds(micros: bigint, zone: string): number {
  let format = formats.get(zone);
  if (format === undefined) {
    const numeric = "numeric";
    format = new Intl.DateTimeFormat("en-US", {
      ...{ timeZone: zone, hourCycle: "h23", era: "short", year: numeric, month: numeric },
      ...{ day: numeric, hour: numeric, minute: numeric, second: numeric },
    });
    formats.set(zone, format);
  }
  const seconds = floorDivide(micros, 1_000_000n);
  const shown: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(Number(seconds) * 1000)) shown[type] = value;
  const year = shown.era === "BC" ? 1 - Number(shown.year) : Number(shown.year);
  const days = daysOf(year, Number(shown.month), Number(shown.day));
  const clock = [shown.hour, shown.minute, shown.second].map(Number);
  const local = days * 86_400 + clock[0]! * 3600 + clock[1]! * 60 + clock[2]!;
  return local - Number(seconds);
}

export function localMicros(micros: bigint, zone: string | undefined): bigint {
  if (zone === undefined || zone === "UTC") return micros;
  return micros + BigInt(offsetSeconds(micros, zone)) * 1_000_000n;
}

/** The earliest instant with that local time; where clocks skip it, as by the offset before. */
export function microsOfLocal(local: bigint, zone: string | undefined): bigint {
  if (zone === undefined || zone === "UTC") return local;
  const hour = 3_600_000_000n;
  const offsets: bigint[] = [];
  for (let hours = -26n; hours <= 26n; hours++) {
    const offset = BigInt(offsetSeconds(local + hours * hour, zone)) * 1_000_000n;
    if (!offsets.includes(offset)) offsets.push(offset);
  }
  const instants = offsets
    .map((offset) => local - offset)
    .filter((instant) => localMicros(instant, zone) === local)
    .sort((a, b) => (a < b ? -1 : 1));
  return instants[0] ?? local - offsets[0]!;
}

const digits = (value: number, width: number): string => String(value).padStart(width, "0");

export function isoYear(year: number): string {
  if (year >= 0 && year < 10_000) return digits(year, 4);
  return (year < 0 ? "-" : "+") + digits(Math.abs(year), 6);
}

export function isoDate(local: bigint): string {
  const { year, month, day } = fieldsOf(local);
  return `${isoYear(year)}-${digits(month, 2)}-${digits(day, 2)}`;
}

export function isoOffset(seconds: number): string {
  const size = Math.abs(seconds);
  const parts = [Math.trunc(size / 3600), Math.trunc(size / 60) % 60, size % 60];
  if (parts[2] === 0) parts.pop();
  return (seconds < 0 ? "-" : "+") + parts.map((part) => digits(part, 2)).join(":");
}

export function isoTimestamp(micros: bigint, zone: string | undefined): string {
  const local = localMicros(micros, zone);
  const fields = fieldsOf(local);
  const clock = [fields.hour, fields.minute, fields.second].map((part) => digits(part, 2));
  const six = digits(fields.micros, 6);
  const fraction = fields.micros === 0 ? "" : `.${six.replace(/000$/, "")}`;
  const suffix =
    zone === "UTC" ? "Z" : zone === undefined ? "" : isoOffset(offsetSeconds(micros, zone));
  return `${isoDate(local)}T${clock.join(":")}${fraction}${suffix}`;
}

export interface ReadTime {
  /** Since 1970, of what the text shows. */
  readonly micros: bigint;
  readonly offset: number | undefined;
}

const isoPattern = new RegExp(
  "^(?<year>[+-]\\d{6}|\\d{4})-(?<month>\\d\\d)-(?<day>\\d\\d)" +
    "(?<clock>[T ](?<hour>\\d\\d):(?<minute>\\d\\d)(:(?<second>\\d\\d)(\\.(?<fraction>\\d{1,6}))?)?" +
    "(?<zone>Z|(?<sign>[+-])(?<east>\\d\\d):?(?<eastMinute>\\d\\d)(:(?<eastSecond>\\d\\d))?)?)?$",
);

export function readIso(text: string, wanted: "date" | "time"): ReadTime | undefined {
  const found = isoPattern.exec(text)?.groups;
  if (found === undefined) return undefined;
  const number = (name: string) => Number(found[name] ?? "0");
  if (wanted === "date" && found.clock !== undefined) return undefined;
  if (!isRealDate(number("year"), number("month"), number("day"))) return undefined;
  if (number("hour") > 23 || number("minute") > 59 || number("second") > 59) return undefined;
  const days = daysOf(number("year"), number("month"), number("day"));
  const clock = number("hour") * 3600 + number("minute") * 60 + number("second");
  const fraction = BigInt((found.fraction ?? "").padEnd(6, "0"));
  const micros = BigInt(days) * microsOfDay + BigInt(clock) * 1_000_000n + fraction;
  if (found.zone === undefined) return { micros, offset: undefined };
  const size = number("east") * 3600 + number("eastMinute") * 60 + number("eastSecond");
  return { micros, offset: found.sign === "-" ? -size : size };
}
