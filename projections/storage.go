package projections

import "weiche/eventstore"

// Storage returns what the folder of the views tells of itself; ErrClosed after
// Close.
func (v *Views) Storage() (eventstore.Storage, error) {
	v.life.RLock()
	defer v.life.RUnlock()
	if v.closed {
		return eventstore.Storage{}, ErrClosed
	}
	return eventstore.StorageOf(v.db.Metrics()), nil
}
