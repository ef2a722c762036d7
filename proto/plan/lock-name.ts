// What a lock may be called: the same rule where it is asked for and where it is granted.

import { lockNameCharsMax } from "../limits/locks.ts";

/** Locks of output folders, which the engine takes for itself. */
const reservedPrefix = "output:";

/** What is wrong with a name; undefined when nothing is. */
export function lockNameProblem(name: string): string | undefined {
  if (name.length > lockNameCharsMax || !/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/.test(name)) {
    return (
      `must be 1 to ${lockNameCharsMax} letters, digits, '.', '_', ':', '/' or '-', and begin with a ` +
      "letter or digit"
    );
  }
  if (name.startsWith(reservedPrefix)) {
    return `must not begin with '${reservedPrefix}': such locks guard output folders`;
  }
  return undefined;
}
