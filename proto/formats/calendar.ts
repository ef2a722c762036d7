// Days and microseconds of the proleptic Gregorian calendar by whole numbers alone.

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/**
 * Days since 1970-01-01; undefined for what is no day of the calendar.
 * The algorithm: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
 */
export function daysOfDate(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1) return undefined;
  const last = month === 2 && isLeap(year) ? 29 : monthDays[month - 1]!;
  if (day > last) return undefined;
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The inverse of `daysOfDate`. */
export function dateOfDays(days: number): CivilDate {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return { year, month, day };
}

const dateText = /^(\d{4})-(\d\d)-(\d\d)$/;

/** `2024-02-29` as days since 1970; undefined for anything else. */
export function daysOfText(text: string): number | undefined {
  const match = dateText.exec(text);
  if (match === null) return undefined;
  return daysOfDate(Number(match[1]), Number(match[2]), Number(match[3]));
}

/** Years beyond four digits are written with a sign and six, as ISO 8601 and JavaScript have it. */
export function textOfDays(days: number): string {
  const { year, month, day } = dateOfDays(days);
  const two = (value: number) => String(value).padStart(2, "0");
  const isPlain = year >= 0 && year <= 9999;
  const sign = year < 0 ? "-" : "+";
  const digits = String(Math.abs(year));
  const yearText = isPlain ? digits.padStart(4, "0") : sign + digits.padStart(6, "0");
  return `${yearText}-${two(month)}-${two(day)}`;
}
