import type { Socket } from "node:net";
import { ChunkReader, type StreamChunk } from "./boxes.ts";

/** Asks for an endless response and resolves with the first chunk of it; throws when another status, or the end, comes first. */
export async function firstSound(socket: Socket, request: string): Promise<StreamChunk> {
  socket.write(request);
  const reader = new ChunkReader();
  let head = Buffer.alloc(0);
  let isInBody = false;
  for await (const data of socket as AsyncIterable<Buffer>) {
    let body = data;
    if (!isInBody) {
      head = Buffer.concat([head, data]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) continue;
      const status = head.toString("latin1", 9, 12);
      if (status !== "200") throw new Error(`answered ${status}`);
      body = head.subarray(end + 4);
      isInBody = true;
    }
    const [chunk] = reader.push(body);
    if (chunk) return chunk;
  }
  throw new Error("the connection ended");
}
