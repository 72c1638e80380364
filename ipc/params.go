package ipc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decodeObject reads a JSON object into the struct that v points to, and
// refuses what encoding/json lets pass: a member the struct does not have, one
// that is spelled in other letters (UNITS), one that comes twice. Every error
// names the member, with path as what comes before it.
func decodeObject(raw []byte, v reflect.Value, path string) error {
	list, err := members(raw)
	if err != nil {
		return err
	}
	fields := fieldsOf(v.Type())
	seen := map[string]bool{}
	for _, m := range list {
		index, ok := fields[m.name]
		switch {
		case !ok:
			return fmt.Errorf("there is no member %q%s", path+m.name, offer(fields))
		case seen[m.name]:
			return fmt.Errorf("the member %q comes twice", path+m.name)
		}
		seen[m.name] = true
		if err := decodeMember(m.value, v.FieldByIndex(index), path+m.name); err != nil {
			return err
		}
	}
	return nil
}

// decodeMember reads one value into a field.
func decodeMember(raw []byte, field reflect.Value, path string) error {
	if bytes.Equal(raw, null) && field.Type() != rawType {
		return nil
	}
	target := field.Type()
	if target.Kind() == reflect.Pointer {
		target = target.Elem()
	}
	if target.Kind() == reflect.Struct && target != timeType {
		if raw[0] != '{' {
			return fmt.Errorf("%q has to be an object, not a %s", path, kindOf(raw))
		}
		if field.Kind() == reflect.Pointer {
			field.Set(reflect.New(target))
			field = field.Elem()
		}
		return decodeObject(raw, field, path+".")
	}
	if err := json.Unmarshal(raw, field.Addr().Interface()); err != nil {
		return fmt.Errorf("%q has to be %s, not %s", path, wanted(target), clipped(raw))
	}
	return nil
}

var (
	rawType  = reflect.TypeFor[json.RawMessage]()
	timeType = reflect.TypeFor[time.Time]()
)

// member is one member of an object.
type member struct {
	name  string
	value json.RawMessage
}

// members are those of an object, in their order, also where a name repeats.
func members(raw []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it has to be an object")
	}
	var list []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: fmt.Sprint(name)}
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	return list, nil
}

// fieldsOf are the JSON names of a struct's fields, those of embedded structs
// included, with where they are.
func fieldsOf(t reflect.Type) map[string][]int {
	fields := map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && name != "" && name != "-" {
			fields[name] = f.Index
		}
	}
	return fields
}

// offer names the members there are.
func offer(fields map[string][]int) string {
	if len(fields) == 0 {
		return ""
	}
	return ": there are " + strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
}

// wanted is a type in the words of JSON.
func wanted(t reflect.Type) string {
	if t == timeType {
		return `a time as in RFC 3339, such as "2026-01-31T14:30:00Z"`
	}
	if words, ok := typeWords[t.Kind()]; ok {
		return words
	}
	return "something else"
}

// typeWords has every kind of field that params have.
var typeWords = map[reflect.Kind]string{
	reflect.String:  "a string",
	reflect.Bool:    "true or false",
	reflect.Int:     "a whole number",
	reflect.Uint64:  "a whole number that is not negative",
	reflect.Float64: "a number",
	reflect.Slice:   "a list of strings",
}

func kindOf(raw []byte) string {
	switch raw[0] {
	case '[':
		return "list"
	case '"':
		return "string"
	case '{':
		return "object"
	case 't', 'f':
		return "truth value"
	case 'n':
		return "null"
	}
	return "number"
}

// clippedAt is how much of a wrong value an error repeats, in bytes.
const clippedAt = 60

func clipped(raw []byte) string {
	if len(raw) <= clippedAt {
		return string(raw)
	}
	return strings.ToValidUTF8(string(raw[:clippedAt]), "") + "… (" + strconv.Itoa(len(raw)) + " bytes)"
}
