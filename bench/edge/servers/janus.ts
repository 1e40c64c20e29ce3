import { createSocket } from "node:dgram";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accepts, freePort, Process, serverCore } from "../processes.ts";
import { type Server, serverOf, type Setting } from "./server.ts";

const library = "/usr/lib/x86_64-linux-gnu/janus";
const frameMs = 20;
const frameBytes = 80;
const payloadType = 111;

const files = (folder: string, http: number, rtp: number): Record<string, string> => ({
  "janus.jcfg": `general: {
  configs_folder = "${folder}"
  plugins_folder = "${library}/plugins"
  transports_folder = "${library}/transports"
  debug_level = 1
  log_to_stdout = true
}
media: { rtp_port_range = "20000-32000" }
plugins: { disable = "${["audiobridge", "duktape", "echotest", "lua", "nosip", "recordplay", "sip", "textroom", "videocall", "videoroom", "voicemail"].map((name) => `libjanus_${name}.so`).join(",")}" }
transports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so" }
`,
  "janus.transport.http.jcfg": `general: { json = "compact" base_path = "/janus" http = true port = ${http} ip = "127.0.0.1" https = false }
`,
  "janus.plugin.streaming.jcfg": `bench: {
  type = "rtp"
  id = 1
  audio = true
  video = false
  audioport = ${rtp}
  audiohost = "127.0.0.1"
  audiopt = ${payloadType}
  audiocodec = "opus"
}
`,
});

/** Janus with one mountpoint of its streaming plugin, which gets an Opus packet of 80 bytes every 20 ms. */
export async function startJanus({ folder }: Setting): Promise<Server> {
  const [port, rtp] = [await freePort(), await freePort()];
  const config = join(folder, "janus");
  await mkdir(config);
  for (const [name, text] of Object.entries(files(config, port, rtp))) await writeFile(join(config, name), text);
  const janus = new Process("janus", ["janus", "-F", config, "-C", join(config, "janus.jcfg")], { core: serverCore });
  await accepts(port, janus);
  return serverOf("Janus", port, [janus], { end: sendFrames(rtp) });
}

/** Sends RTP (RFC 3550 section 5.1) to a port, each packet with the time of its sending in it; gives how to stop. */
function sendFrames(port: number): () => void {
  const socket = createSocket("udp4");
  const start = performance.now();
  let frame = 0;
  const packet = Buffer.alloc(12 + frameBytes);
  const timer = setInterval(() => {
    for (; start + frame * frameMs <= performance.now(); frame++) {
      packet.writeUInt16BE(0x8000 | payloadType, 0);
      packet.writeUInt16BE(frame & 0xffff, 2);
      packet.writeUInt32BE((frame * 960) >>> 0, 4);
      packet.writeUInt32BE(0x726f7374, 8);
      packet[12] = 0xf8;
      packet.writeDoubleBE(performance.timeOrigin + performance.now(), 16);
      socket.send(Buffer.from(packet), port, "127.0.0.1");
    }
  }, frameMs / 4);
  return () => {
    clearInterval(timer);
    socket.close();
  };
}
