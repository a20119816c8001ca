package eventstore

// recent remembers the numbers that were used last, at least recentSize and at
// most twice as many. The zero value is ready for use.
type recent[K comparable] struct{ young, old map[K]uint64 }

const recentSize = 1 << 16

func (r *recent[K]) get(k K) (uint64, bool) {
	if v, ok := r.young[k]; ok {
		return v, true
	}
	v, ok := r.old[k]
	if ok {
		r.put(k, v)
	}
	return v, ok
}

func (r *recent[K]) put(k K, v uint64) {
	if r.young == nil {
		r.young = make(map[K]uint64)
	}
	r.young[k] = v
	if len(r.young) >= recentSize {
		r.young, r.old = nil, r.young
	}
}
