package ipc

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// gather puts an answer together that came in pages. Each page is decoded by a
// goroutine of its own, which ends with it, while the server encodes the next.
type gather struct {
	// into is the struct the answer is decoded into.
	into  reflect.Value
	pages []*page
	under sync.WaitGroup
}

// page is one of a list, in the order in which they came.
type page struct {
	member string
	list   reflect.Value
	err    error
}

// gatherInto gathers for the result of a call; what is no pointer to a struct
// takes no pages.
func gatherInto(result any) *gather {
	g := &gather{}
	if v := reflect.ValueOf(result); v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
		g.into = v.Elem()
	}
	return g
}

// add takes a page.
func (g *gather) add(params json.RawMessage) error {
	if !g.into.IsValid() {
		return nil
	}
	p, err := openPage(params)
	if err != nil {
		return err
	}
	t, ok := listType(g.into.Type(), p.Member)
	if !ok {
		// A list that a later supervisor has and this client does not
		// know.
		return nil
	}
	one := &page{member: p.Member, list: reflect.New(t).Elem()}
	g.pages = append(g.pages, one)
	g.under.Go(func() { one.decode(p.Items) })
	return nil
}

// leastItem is about how long an item of a long list is in JSON, or less, so
// that room is made once.
const leastItem = 256

func (p *page) decode(items json.RawMessage) {
	var err error
	switch list := p.list.Addr().Interface().(type) {
	case *[]Unit:
		*list, err = readUnits(items)
	default:
		p.list.Grow(len(items) / leastItem)
		err = json.Unmarshal(items, list)
	}
	if err != nil {
		p.err = fmt.Errorf("cannot read a page of %s: %w", p.member, err)
	}
}

// finish puts the pages before what the answer itself had.
func (g *gather) finish() error {
	g.under.Wait()
	lists := map[string]reflect.Value{}
	for _, p := range g.pages {
		if p.err != nil {
			return p.err
		}
		if list, ok := lists[p.member]; ok {
			lists[p.member] = reflect.AppendSlice(list, p.list)
			continue
		}
		lists[p.member] = p.list
	}
	for name, list := range lists {
		at := g.into
		for part := range strings.SplitSeq(name, ".") {
			if at = reflect.Indirect(at); !at.IsValid() {
				break
			}
			at = at.FieldByIndex(fieldsOf(at.Type())[part])
		}
		if at.IsValid() {
			at.Set(reflect.AppendSlice(list, at))
		}
	}
	return nil
}

// listType is the type of a list in a struct, or in a struct of it.
func listType(t reflect.Type, name string) (reflect.Type, bool) {
	for part := range strings.SplitSeq(name, ".") {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return nil, false
		}
		index, ok := fieldsOf(t)[part]
		if !ok {
			return nil, false
		}
		t = t.FieldByIndex(index).Type
	}
	return t, t.Kind() == reflect.Slice
}
