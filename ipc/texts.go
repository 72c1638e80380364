package ipc

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Texts are strings that the kernel takes as bytes: arguments, and entries of
// an environment. JSON has only UTF-8, so one that is something else crosses
// the wire as {"b": base64} instead of being changed without a word.
type Texts []string

// rawText is a text that is not UTF-8.
type rawText struct {
	Bytes []byte `json:"b"`
}

// MarshalJSON is json.Marshaler.
func (t Texts) MarshalJSON() ([]byte, error) {
	list := make([]any, len(t))
	for i, s := range t {
		if list[i] = s; !utf8.ValidString(s) {
			list[i] = rawText{Bytes: []byte(s)}
		}
	}
	return marshal(list)
}

// UnmarshalJSON is json.Unmarshaler.
func (t *Texts) UnmarshalJSON(data []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	*t = make(Texts, len(list))
	for i, one := range list {
		if one[0] != '{' {
			if err := json.Unmarshal(one, &(*t)[i]); err != nil {
				return err
			}
			continue
		}
		var raw rawText
		d := json.NewDecoder(bytes.NewReader(one))
		d.DisallowUnknownFields()
		if err := d.Decode(&raw); err != nil {
			return err
		}
		(*t)[i] = string(raw.Bytes)
	}
	return nil
}
