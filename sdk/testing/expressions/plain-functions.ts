// All scalar functions on single values.

import type { PlainFunction } from "./plain-call.ts";
import { listFunctions } from "./plain-lists.ts";
import { numberFunctions } from "./plain-numbers.ts";
import { textFunctions } from "./plain-text.ts";
import { timeFunctions } from "./plain-times.ts";

/** By the order of both arguments. */
export const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
};

export const plainFunctions: Readonly<Record<string, PlainFunction>> = {
  ...numberFunctions,
  ...textFunctions,
  ...timeFunctions,
  ...listFunctions,
  not: (_, [value]) => (value === null ? null : value === false),
  isNull: (_, [value]) => value === null,
  isNotNull: (_, [value]) => value !== null,
};
