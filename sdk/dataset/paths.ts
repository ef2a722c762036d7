// Paths as a job writes them to the absolute URIs that plans carry.

import { EngineError } from "../../proto/errors.ts";

/** `data/*.txt` to `file:///base/data/*.txt`; `s3://…` stays. Throws PLAN_INVALID. */
export function resolveInput(path: string, workingFolder: string): string {
  checkText("the path of an input", path);
  return resolvePath(path, workingFolder);
}

/** As resolveInput, for the folder of an output: ends in '/'. Throws PLAN_INVALID. */
export function resolveOutput(path: string, workingFolder: string): string {
  checkText("the folder of an output", path);
  if (/[*?{}]/.test(path)) {
    throw new EngineError("PLAN_INVALID", `'${path}' is a pattern; an output goes to one folder`);
  }
  const uri = resolvePath(path, workingFolder);
  return uri.endsWith("/") ? uri : `${uri}/`;
}

/** JavaScript may hand over anything. */
function checkText(what: string, path: unknown): void {
  if (typeof path === "string" && path !== "") return;
  const found = path === "" ? "empty" : Array.isArray(path) ? "a list" : typeof path;
  throw new EngineError(
    "PLAN_INVALID",
    `${what} is ${found}; give a path, or a pattern such as 'data/*.csv' or 'data/{a,b}.csv'`,
  );
}

function resolvePath(path: string, workingFolder: string): string {
  if (/^(s3|mem):\/\//.test(path)) return path;
  if (path.startsWith("file:///")) return `file://${normalise(path.slice("file://".length))}`;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(path)?.[1];
  if (scheme !== undefined) {
    throw new EngineError(
      "PLAN_INVALID",
      `'${path}': the scheme ${scheme}:// is not known; use a path, file:/// or s3://`,
    );
  }
  if (path.startsWith("/")) return `file://${normalise(path)}`;
  const folder = workingFolder.endsWith("/") ? workingFolder : `${workingFolder}/`;
  return resolvePath(folder + normaliseRelative(path), "/");
}

/** Takes a leading `./` away, which would end up in the middle of an object's key. */
function normaliseRelative(path: string): string {
  return path.replace(/^(\.\/+)+/, "");
}

/** Removes empty, `.` and `..` segments of an absolute path; an ending '/' stays. */
function normalise(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/");
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const last = segments[segments.length - 1];
  const isFolder = last === "" || last === "." || last === "..";
  return `/${kept.join("/")}${isFolder && kept.length > 0 ? "/" : ""}`;
}
