// Offsets of time zones by IANA name, found through Intl once for each year that is asked for, and kept.

import { EngineError } from "../../../../proto/errors.ts";
import { timeZonesMax, timeZoneYearsMax } from "../../../../proto/limits/expressions.ts";
import { daysOfCivil } from "./civil.ts";

/** Rising seconds since 1970, and the offset (seconds east of UTC) from each on. */
interface Stretch {
  readonly starts: readonly number[];
  readonly offsets: readonly number[];
}

const secondsOfYear = 31_556_952;
/** No zone is known to have changed its offset twice within a week. */
const stepSeconds = 7 * 86_400;
/** What Intl can say: dates of at most 8.64e12 seconds. Beyond, the last offset holds. */
const intlSecondsMax = 8.63e12;

export class Zone {
  readonly name: string;
  private readonly format: Intl.DateTimeFormat;
  private readonly years = new Map<number, Stretch>();
  private lastYear = Number.NaN;
  private lastStretch: Stretch = { starts: [], offsets: [] };

  constructor(name: string) {
    this.name = name;
    try {
      this.format = new Intl.DateTimeFormat("en-US", {
        timeZone: name,
        calendar: "gregory",
        numberingSystem: "latn",
        hourCycle: "h23",
        era: "short",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch (cause) {
      throw new EngineError(
        "VALUE_UNSUPPORTED",
        `there is no time zone ${JSON.stringify(name)}; name one as in 'Europe/Berlin' or 'UTC'`,
        {},
        cause,
      );
    }
  }

  private ask(seconds: number): number {
    const within = Math.max(-intlSecondsMax, Math.min(intlSecondsMax, seconds));
    const parts = new Map<string, string>();
    for (const { type, value } of this.format.formatToParts(within * 1000)) parts.set(type, value);
    const number = (name: string) => Number(parts.get(name));
    const year = parts.get("era") === "BC" ? 1 - number("year") : number("year");
    const days = daysOfCivil(year, number("month"), number("day"));
    const local = days * 86_400 + number("hour") * 3600 + number("minute") * 60 + number("second");
    return local - within;
  }

  /** The first second after `from` with another offset than there; `to` has another. */
  private changeBetween(from: number, to: number): number {
    const before = this.ask(from);
    let low = from;
    let high = to;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.ask(middle) === before) low = middle;
      else high = middle;
    }
    return high;
  }

  private stretchOf(year: number): Stretch {
    const start = year * secondsOfYear;
    const starts = [start];
    const offsets = [this.ask(start)];
    const end = start + secondsOfYear;
    for (let at = start; at < end; at += stepSeconds) {
      const next = Math.min(at + stepSeconds, end);
      const offset = this.ask(next);
      if (offset === offsets.at(-1)) continue;
      starts.push(this.changeBetween(at, next));
      offsets.push(offset);
    }
    return { starts, offsets };
  }

  /** Seconds east of UTC at an instant. */
  offsetAt(seconds: number): number {
    const year = Math.floor(seconds / secondsOfYear);
    if (year !== this.lastYear) {
      let stretch = this.years.get(year);
      if (stretch === undefined) {
        stretch = this.stretchOf(year);
        if (this.years.size === timeZoneYearsMax) this.years.clear();
        this.years.set(year, stretch);
      }
      this.lastYear = year;
      this.lastStretch = stretch;
    }
    const { starts, offsets } = this.lastStretch;
    let index = starts.length - 1;
    while (index > 0 && starts[index]! > seconds) index--;
    return offsets[index]!;
  }

  /**
   * The offset of a time on the clocks of the zone. Of a time that comes twice, the earlier; a time that clocks
   * skip counts with the offset before, which moves it forward by what was skipped.
   */
  offsetOfLocal(local: number): number {
    const before = this.offsetAt(local - 86_400);
    if (this.offsetAt(local - before) === before) return before;
    const after = this.offsetAt(local + 86_400);
    return this.offsetAt(local - after) === after ? after : before;
  }
}

const zones = new Map<string, Zone>();

/** Undefined of UTC, whose offset is none. */
export function zoneOf(name: string | undefined): Zone | undefined {
  if (name === undefined || name === "UTC" || name === "Etc/UTC" || name === "Z") return undefined;
  let zone = zones.get(name);
  if (zone === undefined) {
    zone = new Zone(name);
    if (zones.size === timeZonesMax) zones.clear();
    zones.set(name, zone);
  }
  return zone;
}
