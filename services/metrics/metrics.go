// Package metrics counts what happens, for Prometheus. Packages tell what happens to
// structs of funcs; here they become numbers. Nothing personal is a label, and every
// label has few values: no account, no conversation, no address.
package metrics

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the numbers of one process.
type Metrics struct {
	registry   *prometheus.Registry
	channels   []string
	counters   map[string]*prometheus.CounterVec
	histograms map[string]*prometheus.HistogramVec
	gauges     map[string]*prometheus.GaugeVec
	readings   map[string]*prometheus.Desc
}

// readWithin is how long everything may take that is asked for at a scrape.
const readWithin = 2 * time.Second

// New returns metrics in which nothing has happened. Channels are those that have a
// label of their own; what outsiders call one otherwise is other.
func New(version string, channels []string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), channels: channels,
		counters: map[string]*prometheus.CounterVec{}, histograms: map[string]*prometheus.HistogramVec{},
		gauges: map[string]*prometheus.GaugeVec{}, readings: map[string]*prometheus.Desc{},
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, f := range families {
		switch f.kind {
		case counter:
			m.counters[f.Name] = prometheus.NewCounterVec(prometheus.CounterOpts{Name: f.Name, Help: f.Help}, f.Labels)
			m.registry.MustRegister(m.counters[f.Name])
		case histogram:
			m.histograms[f.Name] = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.Name, Help: f.Help, Buckets: f.buckets}, f.Labels)
			m.registry.MustRegister(m.histograms[f.Name])
		case gauge:
			m.gauges[f.Name] = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.Name, Help: f.Help}, f.Labels)
			m.registry.MustRegister(m.gauges[f.Name])
		case reading:
			m.readings[f.Name] = prometheus.NewDesc(f.Name, f.Help, f.Labels, nil)
		}
	}
	m.gauges["weiche_build_info"].WithLabelValues(version, runtime.Version()).Set(1)
	return m
}

// Families returns what there is, but for what Go and the process tell.
func Families() []Family { return slices.Clone(families) }

// Row is a family as a row of a table of Markdown: its name with its labels, what it
// is, and when to look.
func (f Family) Row() string {
	name := f.Name
	if len(f.Labels) > 0 {
		name += "{" + strings.Join(f.Labels, ",") + "}"
	}
	return fmt.Sprintf("| `%s` | %s | %s |", name, f.Help, f.Alert)
}

// Tell gives the value of a family of readings.
type Tell func(name string, value float64, labels ...string)

// Read adds what is asked for at each scrape. It may be called from several
// goroutines at a time, and should come back before the context ends. A value that
// cannot be had is left out.
func (m *Metrics) Read(read func(ctx context.Context, tell Tell)) {
	m.registry.MustRegister(&reader{m, read})
}

// reader is what is read at a scrape, as Prometheus wants it.
type reader struct {
	metrics *Metrics
	read    func(context.Context, Tell)
}

// Describe tells nothing: which values there are is known once they are read.
func (r *reader) Describe(chan<- *prometheus.Desc) {}

// Collect is part of prometheus.Collector.
func (r *reader) Collect(into chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readWithin)
	defer cancel()
	r.read(ctx, func(name string, value float64, labels ...string) {
		into <- prometheus.MustNewConstMetric(r.metrics.readings[name], prometheus.GaugeValue, value, labels...)
	})
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *Metrics) count(name string, labels ...string) { m.add(name, 1, labels...) }

func (m *Metrics) add(name string, value float64, labels ...string) {
	m.counters[name].WithLabelValues(labels...).Add(value)
}

func (m *Metrics) observe(name string, value float64, labels ...string) {
	m.histograms[name].WithLabelValues(labels...).Observe(value)
}

// channel is a channel as a label.
func (m *Metrics) channel(name string) string {
	if slices.Contains(m.channels, name) {
		return name
	}
	return "other"
}
