package conversation

import (
	"maps"
	"slices"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// LinkCustomers says, by an agent, that two customers are one person.
type LinkCustomers struct {
	Header
	AgentID           string
	CustomerID, Other string
}

// UnlinkCustomers says, by an agent, that two customers are two persons.
type UnlinkCustomers struct {
	Header
	AgentID           string
	CustomerID, Other string
}

// linkCustomers writes down with both customers that they are one person (P2).
// Nothing is moved or merged, and nothing is sent to anybody else for it (I14).
func (d *decider) linkCustomers(c *LinkCustomers) error {
	a, b, err := d.pair(c.AgentID, c.CustomerID, c.Other)
	if err != nil {
		return err
	}
	if a.Linked[b.ID] {
		return nil
	}
	for _, of := range [][2]string{{a.ID, b.ID}, {b.ID, a.ID}} {
		d.emit(Stream{CategoryCustomer, of[0]}, &eventv1.CustomersLinked{
			CustomerId: of[0], OtherCustomerId: of[1], AgentId: c.AgentID,
		})
	}
	return nil
}

// unlinkCustomers takes that back, or decides a conflict of addresses. Where there
// is neither it does nothing.
func (d *decider) unlinkCustomers(c *UnlinkCustomers) error {
	a, b, err := d.pair(c.AgentID, c.CustomerID, c.Other)
	if err != nil {
		return err
	}
	if !a.Linked[b.ID] && (a.Apart[b.ID] || !d.clash(a, b)) {
		return nil
	}
	for _, of := range [][2]string{{a.ID, b.ID}, {b.ID, a.ID}} {
		d.emit(Stream{CategoryCustomer, of[0]}, &eventv1.CustomersUnlinked{
			CustomerId: of[0], OtherCustomerId: of[1], AgentId: c.AgentID,
		})
	}
	return nil
}

// pair returns the two customers that an agent names.
func (d *decider) pair(agentID, one, other string) (a, b *Customer, err error) {
	if err := d.acts(agentID); err != nil {
		return nil, nil, err
	}
	if one == other {
		return nil, nil, refuse(invalid, "that is one customer, not two")
	}
	if a, b = d.customer(one), d.customer(other); a == nil || b == nil {
		return nil, nil, refuse(notFound, "there is no such customer")
	}
	if a.Erased || b.Erased {
		return nil, nil, refuse(notFound, "the customer was erased")
	}
	d.expected[Stream{CategoryCustomer, a.ID}] = a.Version
	d.expected[Stream{CategoryCustomer, b.ID}] = b.Version
	return a, b, nil
}

// clash says whether an address of one of two customers leads to the other too.
func (d *decider) clash(a, b *Customer) bool {
	for _, pair := range [][2]*Customer{{a, b}, {b, a}} {
		for _, id := range slices.Sorted(maps.Keys(pair[0].Identities)) {
			i := d.identity(id)
			if i == nil {
				continue
			}
			for _, customer := range i.base.Conflicts {
				if customer == pair[1].ID {
					return true
				}
			}
		}
	}
	return false
}
