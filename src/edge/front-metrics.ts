import type { Meter } from "../foundation/meter.ts";
import type { ConnectionCounts, Connections } from "./connections.ts";
import { type CounterOf, registerCounters } from "./counters.ts";
import type { HandshakeCounts } from "./handshakes.ts";
import type { SecureServer } from "./tls.ts";

/** What happens to connections before their first request; numbers that only grow. */
export interface FrontCounts extends HandshakeCounts, ConnectionCounts {
  /** Connections of trusted proxies that did not begin with a whole PROXY protocol header. */
  proxyHeaderRefusals: number;
  /** Requests refused because too many waited of those who ask too much. */
  paceOverflow: number;
  /** All that were accepted. */
  connections: number;
}

export const newFrontCounts = (): FrontCounts => ({
  handshakes: 0,
  resumedHandshakes: 0,
  failedHandshakes: 0,
  handshakeOverflow: 0,
  proxyHeaderRefusals: 0,
  paceOverflow: 0,
  connections: 0,
  connectionsRefused: 0,
  idleCloses: 0,
  pipelineOverflow: 0,
});

const counters: readonly CounterOf<FrontCounts>[] = [
  ["handshakes", "rostra_edge_tls_handshakes_total", "TLS handshakes done, full and resumed."],
  ["resumedHandshakes", "rostra_edge_tls_resumed_total", "TLS handshakes that went on with an earlier session."],
  ["failedHandshakes", "rostra_edge_tls_failed_total", "TLS handshakes that failed or were not over in time."],
  [
    "handshakeOverflow",
    "rostra_edge_tls_overflow_total",
    "Connections closed because too many waited for a handshake.",
  ],
  ["connectionsRefused", "rostra_edge_connections_refused_total", "Connections closed because there were too many."],
  ["idleCloses", "rostra_edge_idle_closes_total", "Connections closed because they were idle and room was needed."],
  ["pipelineOverflow", "rostra_edge_pipeline_overflow_total", "Connections closed because too many requests waited."],
  [
    "paceOverflow",
    "rostra_edge_pace_overflow_total",
    "Requests refused because too many waited of those who ask too much.",
  ],
  ["proxyHeaderRefusals", "rostra_edge_proxy_header_refused_total", "Connections of proxies without a whole header."],
];

export function frontMetrics(
  meter: Meter,
  counts: FrontCounts,
  connections: Connections,
  secure: SecureServer | undefined,
): void {
  const open = meter.gauge("rostra_edge_connections", "Connections of the public, whatever for.");
  const tellCounters = registerCounters(meter, counts, counters);
  const gauges = secure && {
    of: secure,
    pending: meter.gauge("rostra_edge_tls_pending", "Clients in a TLS handshake or waiting for one."),
    expires: meter.gauge(
      "rostra_edge_tls_certificate_expires_seconds",
      "When the certificate ends, seconds since 1970.",
    ),
  };
  meter.onCollect(() => {
    open.set(connections.open);
    if (gauges) {
      const { handshakes, certificate } = gauges.of;
      gauges.pending.set(handshakes.underWay + handshakes.waiting);
      gauges.expires.set(certificate.validTo / 1000);
    }
    tellCounters();
  });
}
