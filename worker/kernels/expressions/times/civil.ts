// Days since 1970 to the proleptic Gregorian calendar and back.
//
// Algorithms of Howard Hinnant, "chrono-compatible low-level date algorithms" (days_from_civil and
// civil_from_days): years begin in March, so that the leap day is the last of a year.

export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const daysOfEra = 146_097;

export function daysOfCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * daysOfEra + yearOfEra * 365 + leapDays + dayOfYear - 719_468;
}

export function civilOfDays(days: number): CivilDate {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / daysOfEra);
  const dayOfEra = shifted - era * daysOfEra;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - (365 * yearOfEra + leapDays);
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

export function daysOfMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : monthDays[month - 1]!;
}

/** 1 (Monday) to 7 (Sunday). */
export function dayOfWeek(days: number): number {
  return ((((days + 3) % 7) + 7) % 7) + 1;
}

export function dayOfYear(days: number): number {
  return days - daysOfCivil(civilOfDays(days).year, 1, 1) + 1;
}

/** The week by ISO 8601: that of the Thursday of the same week. */
export function weekOfYear(days: number): number {
  const thursday = days - dayOfWeek(days) + 4;
  return Math.floor((dayOfYear(thursday) - 1) / 7) + 1;
}

export function isDate(year: number, month: number, day: number): boolean {
  const isWhole = Number.isInteger(year) && Number.isInteger(month) && Number.isInteger(day);
  if (!isWhole || month < 1 || month > 12 || Math.abs(year) > 999_999) return false;
  return day >= 1 && day <= daysOfMonth(year, month);
}

/** Months later; the day is cut to the last one of a shorter month. */
export function addMonths(days: number, months: number): number {
  const { year, month, day } = civilOfDays(days);
  const index = year * 12 + (month - 1) + months;
  const newYear = Math.floor(index / 12);
  const newMonth = index - newYear * 12 + 1;
  return daysOfCivil(newYear, newMonth, Math.min(day, daysOfMonth(newYear, newMonth)));
}
