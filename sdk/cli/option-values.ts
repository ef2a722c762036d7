// Typed readings of option values; whatever does not fit is USAGE and names the option.

import { EngineError } from "../../proto/errors.ts";
import { mastersMax } from "../../proto/limits/raft.ts";

export type OptionValues = Readonly<Record<string, string | boolean>>;

export function textOf(values: OptionValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Of numbers and sizes: an empty one is no number, such as that of a variable of the shell that is not set. */
function givenText(values: OptionValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

export function requiredText(values: OptionValues, name: string, example: string): string {
  const value = textOf(values, name);
  if (value !== undefined) return value;
  throw new EngineError("USAGE", `--${name} is required, such as --${name} ${example}`);
}

export function flagOf(values: OptionValues, name: string): boolean {
  return values[name] === true;
}

export interface NumberRange {
  readonly least: number;
  readonly most: number;
}

export function wholeNumberOf(
  values: OptionValues,
  name: string,
  { least, most }: NumberRange,
): number | undefined {
  const text = givenText(values, name);
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new EngineError(
    "USAGE",
    `--${name} must be a whole number from ${least} to ${most}, not '${text}'`,
  );
}

const unitBytes: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** Bytes of `512MiB`, `4GiB`, `1.5GiB`. */
export function sizeOf(
  values: OptionValues,
  name: string,
  { least, most }: NumberRange,
): number | undefined {
  const text = givenText(values, name);
  if (text === undefined) return undefined;
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(KiB|MiB|GiB|TiB)$/.exec(text) ?? [];
  const value = digits === undefined ? Number.NaN : Math.floor(Number(digits) * unitBytes[unit!]!);
  if (value >= least && value <= most) return value;
  const inMiB = (bytes: number) => `${bytes / unitBytes.MiB!}MiB`;
  throw new EngineError(
    "USAGE",
    `--${name} must be a size from ${inMiB(least)} to ${inMiB(most)}, such as 4GiB, not '${text}'`,
  );
}

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:7101`, `[::1]:7101`, `name:7101`. */
export function hostAndPort(text: string, what: string): HostAndPort {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new EngineError(
    "USAGE",
    `${what} must be HOST:PORT, such as 127.0.0.1:7101, not '${text}'`,
  );
}

/** Addresses of the masters, from the option or the environment variable. */
export function mastersOf(
  values: OptionValues,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const text = textOf(values, "masters") ?? environment.MILLRACE_MASTERS ?? "";
  const addresses = addressesOf(text, "--masters");
  if (addresses.length > 0) return addresses;
  throw new EngineError(
    "USAGE",
    "no masters given: use --masters HOST:PORT,HOST:PORT or set MILLRACE_MASTERS",
  );
}

/** `127.0.0.1:7101,127.0.0.1:7102`; none for empty text. */
export function addressesOf(text: string, option: string): readonly string[] {
  const addresses = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (addresses.length > mastersMax) {
    throw new EngineError(
      "USAGE",
      `${addresses.length} masters given, at most ${mastersMax} form a cluster`,
    );
  }
  for (const address of addresses) hostAndPort(address, `each of ${option}`);
  return addresses;
}

/** `m1=127.0.0.1:7101,m2=127.0.0.1:7102` by name. */
export function peersOf(text: string | undefined): ReadonlyMap<string, string> {
  const peers = new Map<string, string>();
  for (const part of (text ?? "").split(",")) {
    const entry = part.trim();
    if (entry === "") continue;
    const equals = entry.indexOf("=");
    const name = entry.slice(0, Math.max(0, equals));
    if (name === "") {
      throw new EngineError(
        "USAGE",
        `--peers must be ID=HOST:PORT,ID=HOST:PORT, such as m1=127.0.0.1:7101, not '${entry}'`,
      );
    }
    if (peers.has(name)) throw new EngineError("USAGE", `--peers names ${name} twice`);
    const address = entry.slice(equals + 1);
    hostAndPort(address, `the address of ${name} in --peers`);
    peers.set(name, address);
  }
  return peers;
}

/** At most one operand, or USAGE. */
export function operandsOf(
  operands: readonly string[],
  names: readonly string[],
): readonly string[] {
  if (operands.length <= names.length) return operands;
  const expected = names.length === 0 ? "none is expected" : `expected ${names.join(" ")}`;
  throw new EngineError("USAGE", `too many arguments: '${operands[names.length]}'; ${expected}`);
}

export function requiredOperand(
  operands: readonly string[],
  name: string,
  command: string,
): string {
  const [first] = operands;
  if (first !== undefined && first !== "") return first;
  throw new EngineError(
    "USAGE",
    `millrace ${command} needs ${name}; see millrace ${command} --help`,
  );
}
