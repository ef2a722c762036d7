// Times as a clock shows them.

import { textOfDays } from "./calendar.ts";

const microsecondsOfDay = 86_400_000_000n;

/** What a clock shows: the day, `between`, and the time of day as far as it has digits. */
export function clockText(microseconds: bigint, between = " "): string {
  const inDay = ((microseconds % microsecondsOfDay) + microsecondsOfDay) % microsecondsOfDay;
  const days = Number((microseconds - inDay) / microsecondsOfDay);
  const rest = Number(inDay);
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const fraction = rest % 1_000_000;
  const seconds = Math.floor(rest / 1_000_000);
  const tail = fraction === 0 ? "" : `.${String(fraction).padStart(6, "0").replace(/0+$/, "")}`;
  return `${textOfDays(days)}${between}${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}${tail}`;
}
