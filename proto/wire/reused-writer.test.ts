// One writer for all messages: each has bytes of its own, also after one that could not be written.

import { expect, test } from "vitest";
import { RegisterReply, RegisterRequest } from "./generated/engine.ts";
import { reusingWriter } from "./reused-writer.ts";

const codec = reusingWriter(RegisterReply);
const reply = (clusterId: string) => ({ clusterId, holder: "h" });
const plain = (clusterId: string) => RegisterReply.encode(reply(clusterId)).finish();

test("bytes stay as they were when the next message is written", () => {
  const first = codec.encode(reply("one")).finish();
  const second = codec.encode(reply("another")).finish();
  expect(first).toEqual(plain("one"));
  expect(second).toEqual(plain("another"));
  expect(codec.decode(first)).toEqual(reply("one"));
});

test("a large message leaves nothing behind", () => {
  const large = "x".repeat(2 * 1024 * 1024);
  expect(codec.encode(reply(large)).finish().length).toBe(plain(large).length);
  expect(codec.encode(reply("small")).finish()).toEqual(plain("small"));
});

test("nor does one that fails half-way", () => {
  const registration = { workerId: "begun", incarnation: "i", dataAddress: "h:1", replaces: "" };
  const broken = { ...registration, slots: -1, weight: 1 };
  expect(() => reusingWriter(RegisterRequest).encode(broken)).toThrow();
  expect(codec.encode(reply("next")).finish()).toEqual(plain("next"));
});
