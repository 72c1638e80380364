package ipc

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// gather puts an answer together that came in pages. Each page is decoded when
// it comes, while the server encodes the next.
type gather struct {
	// into is the struct the answer is decoded into.
	into  reflect.Value
	lists map[string]reflect.Value
}

// gatherInto gathers for the result of a call; what is no pointer to a struct
// takes no pages.
func gatherInto(result any) *gather {
	g := &gather{lists: map[string]reflect.Value{}}
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
	list, begun := g.lists[p.Member]
	if !begun {
		t, ok := listType(g.into.Type(), p.Member)
		if !ok {
			// A list that a later supervisor has and this client
			// does not know.
			return nil
		}
		list = reflect.MakeSlice(t, 0, 0)
	}
	fresh := reflect.New(list.Type())
	if err := json.Unmarshal(p.Items, fresh.Interface()); err != nil {
		return fmt.Errorf("cannot read a page of %s: %w", p.Member, err)
	}
	g.lists[p.Member] = reflect.AppendSlice(list, fresh.Elem())
	return nil
}

// finish puts the pages before what the answer itself had.
func (g *gather) finish() {
	for name, list := range g.lists {
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
