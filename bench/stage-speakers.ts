/**
 * The other side of `bench:stage`, a process of its own so that its cost is not counted: N speakers who come by WHIP and talk
 * without end (the demo's recordings, shifted so that several speak at once). Words: URL of the WHIP endpoint, N; the tokens come
 * on standard input, one a line. Says `ready` when all are connected.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { resolve } from "node:path";
import { readOggOpus } from "../src/audio/ogg.ts";
import { openClient, type TestClient } from "../src/stage/client.fixture.ts";

const [whip = "", count = "1"] = process.argv.slice(2);
const tokens: string[] = [];
for await (const line of createInterface({ input: process.stdin })) tokens.push(line);

const voices = ["en", "fr", "id"].map(
  (name) => readOggOpus(readFileSync(resolve(import.meta.dirname, `../assets/voices/${name}.opus`))).packets,
);
const speakers: TestClient[] = [];

/** Everybody who is connected talks, from the first moment on: a silent client counts as one that has gone. */
async function talk(): Promise<never> {
  const start = performance.now();
  for (let frame = 0; ; frame++) {
    const due = start + frame * 20 - performance.now();
    if (due > 0) await new Promise((done) => setTimeout(done, due));
    for (const [i, speaker] of speakers.entries()) {
      const packets = voices[i % voices.length] ?? [];
      const packet = packets[(frame + 211 * i) % packets.length];
      if (packet) void speaker.send(packet, frame & 0xffff, (frame * 960) >>> 0);
      speaker.received.length = 0;
    }
  }
}

const talking = talk();
for (let i = 0; i < Number(count); i++) {
  const client = await openClient();
  const answer = await fetch(whip, {
    method: "POST",
    headers: { "content-type": "application/sdp", authorization: `Bearer ${tokens[i % tokens.length]}` },
    body: client.offer,
  });
  if (answer.status !== 201) throw new Error(`WHIP: ${answer.status} ${await answer.text()}`);
  await client.accept(await answer.text());
  await client.connected();
  speakers.push(client);
}
process.stdout.write("ready\n");
await talking;
