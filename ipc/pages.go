package ipc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// PageBytes is about how much one message of a list carries.
const PageBytes = 256 << 10

// envelope is what a message has besides its result or params: the id, the
// names of members, the braces.
const envelope = 2 * maxID

// Fitting is how many of the first units go into one message: at least one,
// and about PageBytes. It overestimates rather than encode twice.
func Fitting(units []Unit) int {
	size := 0
	for i := range units {
		if size += units[i].bulk(); size > PageBytes && i > 0 {
			return i
		}
	}
	return len(units)
}

// bulk is about how long a unit is in JSON, or less: an escaped byte takes six.
func (u *Unit) bulk() int {
	n := 1024 + 3*len(u.ID) + 6*len(u.Reason)
	for _, d := range u.Depends {
		n += len(d) + 3
	}
	if u.LastExit != nil {
		n += 256 + 6*len(u.LastExit.Text)
	}
	return n
}

// SendUnits sends units that are too many for one message ahead of an answer, in
// pages, and gives what goes into the answer: all of them, or none.
func SendUnits(r *Request, units []Unit) (rest []Unit, err error) {
	if Fitting(units) == len(units) {
		return units, nil
	}
	for len(units) > 0 {
		n := Fitting(units)
		line, err := unitsPage(r.ID, units[:n])
		if err != nil {
			return nil, err
		}
		if err := r.conn.out.note(r.ctx, line); err != nil {
			return nil, err
		}
		units = units[n:]
	}
	return []Unit{}, nil
}

// usualUnit is how long most units are in JSON.
const usualUnit = 480

// unitsPage makes a page's line in one buffer: of a large system it is megabytes
// that need not become garbage.
func unitsPage(id json.RawMessage, units []Unit) ([]byte, error) {
	line := make([]byte, 0, envelope+usualUnit*len(units))
	line = fmt.Appendf(line, `%s,"method":"%s","params":{"request":%s,"member":"units%s`, start, NotePage, id, pageItems)
	line, err := appendUnits(line, units)
	if err != nil {
		return nil, err
	}
	if line = append(line, "}}\n"...); len(line) > MaxMessage {
		return nil, tooLong(len(line))
	}
	return line, nil
}

// encodePage makes params of a page, whose items are encoded already: to do so
// once more takes longer than all the rest. Names of members need no escapes.
func encodePage(p Page) json.RawMessage {
	return slices.Concat(
		json.RawMessage(`{"request":`), p.Request, json.RawMessage(`,"member":"`+p.Member+pageItems), p.Items, json.RawMessage("}"))
}

const pageItems = `","items":`

// openPage reads params as encodePage makes them, with one look instead of a
// parse; any others are parsed.
func openPage(params json.RawMessage) (p Page, err error) {
	head, items, found := bytes.Cut(params, []byte(pageItems))
	_, name, named := bytes.Cut(head, []byte(`,"member":"`))
	if found && named && len(items) > 1 && !bytes.ContainsAny(name, `\"`) && bytes.HasPrefix(head, []byte(`{"request":`)) {
		return Page{Member: string(name), Items: items[:len(items)-1]}, nil
	}
	err = json.Unmarshal(params, &p)
	return p, err
}

// page sends the lists of a result that is too long for one message in pages,
// and gives what is left.
func (c *conn) page(id, result json.RawMessage) (json.RawMessage, error) {
	list, rest, err := cut(result, "", true)
	if err != nil {
		return nil, Errorf(CodeInternal, "cannot take the answer apart: %v", err)
	}
	if len(rest) > MaxMessage-envelope {
		return nil, tooLong(len(rest))
	}
	for _, p := range list {
		p.Request = id
		line, refusal := encode(message{Method: NotePage, Params: encodePage(p)})
		if refusal != nil {
			return nil, refusal
		}
		c.out.answer(line)
	}
	return rest, nil
}

// cut takes every list out of an object, and out of the objects in it, and
// leaves empty ones. What is no object is left as it is.
func cut(object json.RawMessage, path string, deeper bool) (pages []Page, rest json.RawMessage, err error) {
	if len(object) == 0 || object[0] != '{' {
		return nil, object, nil
	}
	list, err := members(object)
	if err != nil {
		return nil, nil, err
	}
	var b bytes.Buffer
	for i, m := range list {
		var inner []Page
		switch {
		case m.value[0] == '[':
			inner, err = cutList(m.value, path+m.name)
			m.value = json.RawMessage("[]")
		case m.value[0] == '{' && deeper:
			inner, m.value, err = cut(m.value, path+m.name+".", false)
		}
		if err != nil {
			return nil, nil, err
		}
		pages = append(pages, inner...)
		b.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(&b, "%q:", m.name)
		b.Write(m.value)
	}
	b.WriteByte('}')
	return pages, b.Bytes(), nil
}

// cutList makes pages of a list.
func cutList(list json.RawMessage, name string) ([]Page, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(list, &items); err != nil {
		return nil, err
	}
	var pages []Page
	for len(items) > 0 {
		n, size := 0, 0
		for n < len(items) && (n == 0 || size+len(items[n]) <= PageBytes) {
			size += len(items[n]) + 1
			n++
		}
		pages = append(pages, Page{Member: name, Items: slices.Concat(json.RawMessage("["), bytes.Join(raws(items[:n]), []byte{','}), json.RawMessage("]"))})
		items = items[n:]
	}
	return pages, nil
}

func raws(items []json.RawMessage) [][]byte {
	list := make([][]byte, len(items))
	for i := range items {
		list[i] = items[i]
	}
	return list
}
