// Tokens: sources in order, refusals that say what to do, and who is let in.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createAuthenticator, generateToken, knownToken, readToken } from "./tokens.ts";

test("generated tokens differ and are accepted as input", async () => {
  const token = generateToken();
  expect(token).not.toBe(generateToken());
  expect(await readToken({ flag: token })).toBe(token);
});

test("flag, file, variable and file of a variable win in this order", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-token-"));
  const [flag, inFile, inVariable] = [generateToken(), generateToken(), generateToken()];
  const file = join(folder, "token");
  await writeFile(file, `${inFile}\n`);
  const environment = { MILLRACE_TOKEN: inVariable, MILLRACE_TOKEN_FILE: file };
  expect(await readToken({ flag, file, environment })).toBe(flag);
  expect(await readToken({ file, environment })).toBe(inFile);
  expect(await readToken({ environment })).toBe(inVariable);
  expect(await readToken({ environment: { MILLRACE_TOKEN_FILE: file } })).toBe(inFile);
  expect(await readToken({ environment: { MILLRACE_TOKEN: "" } })).toBeUndefined();
  expect(await readToken({ environment: { NODE_TOKEN: flag }, variable: "NODE_TOKEN" })).toBe(flag);
  await rm(folder, { recursive: true });
});

test.each([["short"], ["with blanks in the middle"], ["é".repeat(20)], ["x".repeat(5000)]])(
  "refuses %j without repeating it",
  async (flag) => {
    const refusal = readToken({ flag });
    await expect(refusal).rejects.toMatchObject({ code: "USAGE" });
    await expect(refusal).rejects.not.toThrow(flag);
  },
);

test("an unreadable token file is a usage error that names it", async () => {
  await expect(readToken({ file: "/nowhere/token" })).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("/nowhere/token"),
  });
});

test("authenticates each known token with its role and nothing else", () => {
  const [client, node] = [generateToken(), generateToken()];
  const authenticate = createAuthenticator([
    knownToken(client, "client"),
    knownToken(node, "node"),
  ]);
  expect(authenticate(client)).toEqual({ role: "client" });
  expect(authenticate(node)).toEqual({ role: "node" });
  for (const wrong of ["", client.slice(0, -1), `${client}x`, "x".repeat(100_000)]) {
    expect(authenticate(wrong)).toBeUndefined();
  }
  expect(createAuthenticator([])("")).toBeUndefined();
});
