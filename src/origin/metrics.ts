import type { Counter, Gauge, Histogram, Meter } from "../foundation/meter.ts";

/** What the origin counts. */
export interface OriginMetrics {
  readonly published: Counter;
  /** Seconds from a slot's end to its publication; negative when a producer is ahead. */
  readonly publishLag: Histogram;
  readonly archiveFailures: Counter;
  readonly registerFailures: Counter;
  readonly syncSeconds: Histogram;
  readonly refusedChunks: Counter;
  readonly unarchivedChunks: Counter;
  readonly factsLeftOut: Counter;
  readonly heldOverflow: Counter;
  readonly held: Gauge;
  readonly timelines: Gauge;
  readonly edgesOverflow: Counter;
  readonly feedReaders: Gauge;
  readonly level: Gauge;
  readonly levelChanges: Counter;
}

export const originMetrics = (meter: Meter): OriginMetrics => ({
  published: meter.counter("rostra_origin_chunks_published_total", "Chunks published, by kind: programme or hold."),
  publishLag: meter.histogram("rostra_origin_publish_lag_seconds", "From a slot's end to its publication."),
  archiveFailures: meter.counter("rostra_origin_archive_failures_total", "Writes or syncs of the archive that failed."),
  registerFailures: meter.counter("rostra_origin_register_failures_total", "Timelines that could not be kept on disk."),
  syncSeconds: meter.histogram("rostra_origin_archive_sync_seconds", "Duration of the archive's syncs."),
  refusedChunks: meter.counter("rostra_origin_chunks_refused_total", "Ingested chunks that were refused, by code."),
  unarchivedChunks: meter.counter("rostra_origin_chunks_unarchived_total", "Chunks published but not archived."),
  factsLeftOut: meter.counter("rostra_origin_facts_left_out_total", "Room events too large for a chunk, by kind."),
  heldOverflow: meter.counter(
    "rostra_origin_held_overflow_total",
    "Early requests refused because too many were held.",
  ),
  held: meter.gauge("rostra_origin_held_requests", "Requests that wait for a segment."),
  timelines: meter.gauge("rostra_origin_timelines", "Spaces known, by whether their timeline runs."),
  edgesOverflow: meter.counter("rostra_origin_edges_overflow_total", "Audience reports of edges over the cap."),
  level: meter.gauge("rostra_service_level", "Level of service, 0 (open) to 4, with the `cause` of it."),
  levelChanges: meter.counter("rostra_service_level_changes_total", "Changes of the level of service, by `cause`."),
  feedReaders: meter.gauge("rostra_origin_feed_readers", "Edges and others that follow the feed."),
});
