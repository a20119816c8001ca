package egress

// Outlets returns how many integrations are remembered, and the bound.
func (e *Egress) Outlets() (n, most int) {
	e.outlets.mu.Lock()
	defer e.outlets.mu.Unlock()
	return len(e.outlets.by), maxOutlets
}
