// The handshake of the data plane: both sides prove that they know the token, and it never travels.

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { EngineError } from "../errors.ts";
import { blockProtocolVersion } from "./block-frames.ts";
import { hashToken } from "./tokens.ts";

const magic = Buffer.from("MRBK");
const nonceBytes = 32;
const proofBytes = 32;
const helloBytes = magic.length + 2 + nonceBytes;

/** What is kept instead of the token. */
export type BlockKey = Uint8Array;

export const blockKey = (token: string): BlockKey => hashToken(token);
export const freshNonce = (): Buffer => randomBytes(nonceBytes);

/** Each side proves another text, so that a proof cannot be sent back to its maker. */
function proof(key: BlockKey, side: "client" | "server", server: Buffer, client: Buffer): Buffer {
  return createHmac("sha256", key).update(side).update(server).update(client).digest();
}

function hello(nonce: Buffer): Buffer {
  const version = Buffer.alloc(2);
  version.writeUInt16LE(blockProtocolVersion);
  return Buffer.concat([magic, version, nonce]);
}

function nonceOfHello(body: Buffer): Buffer {
  if (body.length < helloBytes || !body.subarray(0, magic.length).equals(magic)) {
    throw new EngineError("MESSAGE_INVALID", "the peer does not speak the block protocol");
  }
  const version = body.readUInt16LE(magic.length);
  if (version !== blockProtocolVersion) {
    throw new EngineError(
      "MESSAGE_INVALID",
      `the peer speaks version ${version} of the block protocol, this program speaks ` +
        `${blockProtocolVersion}; run one version on all workers`,
    );
  }
  return body.subarray(magic.length + 2, helloBytes);
}

export function serverHelloBody(serverNonce: Buffer): Buffer {
  return hello(serverNonce);
}

/** The client's answer to the server's hello. */
export function clientHelloBody(key: BlockKey, serverHello: Buffer, clientNonce: Buffer): Buffer {
  const serverNonce = nonceOfHello(serverHello);
  return Buffer.concat([hello(clientNonce), proof(key, "client", serverNonce, clientNonce)]);
}

/** Checks the client's proof and returns the server's, with the requests that it grants. */
export function welcomeBody(
  key: BlockKey,
  serverNonce: Buffer,
  clientHello: Buffer,
  requestsMax: number,
): Buffer {
  const clientNonce = nonceOfHello(clientHello);
  const given = clientHello.subarray(helloBytes);
  const expected = proof(key, "client", serverNonce, clientNonce);
  if (given.length !== proofBytes || !timingSafeEqual(given, expected)) {
    throw new EngineError(
      "UNAUTHENTICATED",
      "the block request carries no valid token; start every worker with the same node token",
    );
  }
  const credit = Buffer.alloc(2);
  credit.writeUInt16LE(requestsMax);
  return Buffer.concat([proof(key, "server", serverNonce, clientNonce), credit]);
}

/** Checks the server's proof and returns how many requests it takes at a time. */
export function checkWelcome(
  key: BlockKey,
  serverHello: Buffer,
  clientNonce: Buffer,
  welcome: Buffer,
): number {
  const expected = proof(key, "server", nonceOfHello(serverHello), clientNonce);
  const given = welcome.subarray(0, proofBytes);
  if (welcome.length !== proofBytes + 2 || !timingSafeEqual(given, expected)) {
    throw new EngineError(
      "UNAUTHENTICATED",
      "the block server does not know the node token; is another program on its port?",
    );
  }
  return Math.max(1, welcome.readUInt16LE(proofBytes));
}
