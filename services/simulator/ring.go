package simulator

// ring keeps the last max values that were added.
type ring[T any] struct {
	values  []T
	max     int
	evicted int
	onEvict func(T)
}

func (r *ring[T]) add(v T) {
	r.values = append(r.values, v)
	for len(r.values) > r.max {
		if r.onEvict != nil {
			r.onEvict(r.values[0])
		}
		var zero T
		r.values[0] = zero
		r.values = r.values[1:]
		r.evicted++
	}
}

// last returns the newest n values, oldest first; all of them if n is 0.
func (r *ring[T]) last(n int) []T {
	if n <= 0 || n > len(r.values) {
		n = len(r.values)
	}
	return append([]T{}, r.values[len(r.values)-n:]...)
}
