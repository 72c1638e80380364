package ipc

import (
	"context"
	"encoding/json"
)

// pageUnits is how many units one message carries at most: at up to 4 KiB
// each they stay below MaxMessage.
const pageUnits = 200

// SendUnits sends all units but the last page ahead of an answer and gives
// the last page, which goes into the answer.
func SendUnits(r *Request, units []Unit) (rest []Unit, err error) {
	for len(units) > pageUnits {
		if err := r.Notify(NoteUnits, UnitPage{Request: r.ID, Units: units[:pageUnits]}); err != nil {
			return nil, err
		}
		units = units[pageUnits:]
	}
	return units, nil
}

// pages gathers the units that come ahead of an answer.
type pages struct{ units []Unit }

func (p *pages) note(method string, params json.RawMessage) error {
	if method != NoteUnits {
		return nil
	}
	var page UnitPage
	if err := json.Unmarshal(params, &page); err != nil {
		return err
	}
	p.units = append(p.units, page.Units...)
	return nil
}

// Status asks for the state of the selected units, however many.
func (c *Client) Status(ctx context.Context, p StatusParams) (StatusResult, error) {
	var ahead pages
	var r StatusResult
	err := c.Stream(ctx, MethodStatus, p, ahead.note, &r)
	r.Units = append(ahead.units, r.Units...)
	return r, err
}

// Graph asks for the dependency graph, however large.
func (c *Client) Graph(ctx context.Context, p GraphParams) (GraphResult, error) {
	var ahead pages
	var r GraphResult
	err := c.Stream(ctx, MethodGraph, p, ahead.note, &r)
	r.Units = append(ahead.units, r.Units...)
	return r, err
}
