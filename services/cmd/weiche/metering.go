package main

import (
	"context"
	"maps"
	"slices"
	"time"

	"weiche/eventstore"
	"weiche/services/meta"
	"weiche/services/metrics"
	"weiche/services/router"
	"weiche/services/watch"
)

// mostQuarantined is how many items in quarantine are counted at most.
const mostQuarantined = 10_000

// newMetrics returns the numbers of this process.
func newMetrics() *metrics.Metrics {
	return metrics.New(version, slices.Sorted(maps.Keys(readers())))
}

// webhookEvents are told what webhooks come to.
func (s *server) webhookEvents(watched *watch.Webhooks) meta.WebhookEvents {
	events := s.metrics.Webhooks()
	counted := events.Answered
	events.Answered = func(channelName, app string, status int, took time.Duration) {
		counted(channelName, app, status, took)
		watched.Answered(channelName, app, status, took)
		s.config.logger.Debug("webhook", "app", app, "status", status, "took", took)
	}
	return events
}

// decisionEvents are told what the router does.
func (s *server) decisionEvents(last *commits) router.Events {
	events := s.metrics.Decisions()
	counted := events.Committed
	events.Committed = func(commands int, took time.Duration) {
		counted(commands, took)
		last.took(took)
	}
	return events
}

// readings are asked for at each scrape.
func (s *server) readings(ctx context.Context, tell metrics.Tell) {
	h := s.watchdog.health()
	tell("weiche_ready", truth(h.Ready))
	tell("weiche_warnings", float64(len(h.Warnings)))
	tell("weiche_broker_connected", truth(s.broker.Connected()))
	if s.folder != nil {
		s.folderReadings(ctx, tell)
	}
}

// folderReadings are those of who has the data folder.
func (s *server) folderReadings(ctx context.Context, tell metrics.Tell) {
	if depths, err := s.broker.Depths(ctx); err == nil {
		for stream, messages := range depths {
			tell("weiche_queue_messages", float64(messages), stream)
		}
	}
	head := s.folder.store.Durable()
	tell("weiche_log_position", float64(head))
	for _, f := range s.watchdog.vitals.followers {
		tell("weiche_follower_lag_events", float64(head-min(head, f.position())), f.name)
	}
	waiting := 0
	for _, err := range router.Quarantine(ctx, s.folder.store, "", false, 0) {
		if waiting++; err != nil || waiting == mostQuarantined {
			break
		}
	}
	tell("weiche_quarantine_items", float64(waiting))
	if log := s.folder.store.Health(); log.Total > 0 {
		tell("weiche_disk_free_bytes", float64(log.Free))
		tell("weiche_disk_size_bytes", float64(log.Total))
	}
	skipped := s.folder.views.Stats()
	tell("weiche_views_skipped_events", float64(skipped.Unknown), "unknown")
	tell("weiche_views_skipped_events", float64(skipped.Unreadable), "unreadable")
	for name, storage := range map[string]func() (eventstore.Storage, error){
		"log": s.folder.store.Storage, "views": s.folder.views.Storage,
	} {
		told, err := storage()
		if err != nil {
			continue
		}
		tell("weiche_store_disk_bytes", float64(told.DiskBytes), name)
		tell("weiche_store_wal_bytes", float64(told.WALBytes), name)
		tell("weiche_store_memtable_bytes", float64(told.MemTableBytes), name)
		tell("weiche_store_compaction_debt_bytes", float64(told.CompactionDebtBytes), name)
		tell("weiche_store_read_amplification", float64(told.ReadAmplification), name)
		if reads := told.CacheHits + told.CacheMisses; reads > 0 {
			tell("weiche_store_cache_hit_ratio", float64(told.CacheHits)/float64(reads), name)
		}
	}
}

// truth is a bool as a number.
func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
