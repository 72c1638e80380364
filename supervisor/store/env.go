package store

import (
	"encoding/json"
	"unicode/utf8"
)

// Env is an environment, NAME=VALUE. The kernel takes any bytes there, and JSON
// only UTF-8, so an entry that is something else is kept as {"b": base64}.
type Env []string

// bytesOf is such an entry.
type bytesOf struct {
	B []byte `json:"b"`
}

// MarshalJSON is json.Marshaler.
func (e Env) MarshalJSON() ([]byte, error) {
	list := make([]any, len(e))
	for i, text := range e {
		if list[i] = text; !utf8.ValidString(text) {
			list[i] = bytesOf{B: []byte(text)}
		}
	}
	return json.Marshal(list)
}

// UnmarshalJSON is json.Unmarshaler.
func (e *Env) UnmarshalJSON(data []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	*e = make(Env, len(list))
	for i, one := range list {
		if len(one) == 0 || one[0] != '{' {
			if err := json.Unmarshal(one, &(*e)[i]); err != nil {
				return err
			}
			continue
		}
		var raw bytesOf
		if err := json.Unmarshal(one, &raw); err != nil {
			return err
		}
		(*e)[i] = string(raw.B)
	}
	return nil
}
