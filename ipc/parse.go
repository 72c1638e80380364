package ipc

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// maxID is how long an id may be, in bytes: every notification repeats it.
const maxID = 256

// parse makes a request of a line. It is strict: a member that is misspelled
// would otherwise turn "stop web" into "stop everything". On an error the
// message has the id, or null where that could not be read.
func parse(line []byte) (message, *Error) {
	m := message{ID: null}
	if !utf8.Valid(line) {
		return m, Errorf(CodeParse, "the line is not UTF-8")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(line, &whole); err != nil {
		return m, Errorf(CodeParse, "the line is no JSON: %v", err)
	}
	switch line[0] {
	case '{':
	case '[':
		return m, Errorf(CodeInvalid, "batches are not supported: send one request per line")
	default:
		return m, Errorf(CodeInvalid, "a request has to be an object, not a %s", kindOf(line))
	}
	list, err := members(line)
	if err != nil {
		return m, Errorf(CodeParse, "the line is no JSON-RPC message: %v", err)
	}
	return m.fill(list)
}

// fill takes the members of a request.
func (m message) fill(list []member) (message, *Error) {
	known := map[string]json.RawMessage{}
	var refusal *Error
	for _, one := range list {
		_, twice := known[one.name]
		switch one.name {
		case "jsonrpc", "id", "method", "params":
		default:
			refusal = Errorf(CodeInvalid, "a request has no member %q: there are jsonrpc, id, method, params", clipped([]byte(one.name)))
		}
		if twice {
			refusal = Errorf(CodeInvalid, "the member %q comes twice", one.name)
		}
		known[one.name] = one.value
	}
	id, given := known["id"]
	switch {
	case !given:
		return m, Errorf(CodeInvalid, "a request needs an id: requests without one are not answered, and so not done")
	case len(id) > maxID:
		return m, Errorf(CodeInvalid, "an id may have at most %d bytes", maxID)
	case !validID(id):
		return m, Errorf(CodeInvalid, "an id has to be a string, a number or null, not %s", clipped(id))
	}
	m.ID, m.Params = id, known["params"]
	if refusal != nil {
		return m, refusal
	}
	if json.Unmarshal(known["jsonrpc"], &m.Version) != nil || m.Version != version {
		return m, Errorf(CodeInvalid, `"jsonrpc" has to be "2.0"`)
	}
	if json.Unmarshal(known["method"], &m.Method) != nil || m.Method == "" {
		return m, Errorf(CodeInvalid, "a request needs a method, which is a string")
	}
	return m, nil
}

// validID is whether a value is a string, a number or null.
func validID(id json.RawMessage) bool {
	switch c := id[0]; c {
	case '"', '-', 'n':
		return true
	default:
		return c >= '0' && c <= '9'
	}
}

// idKey is an id as it is compared: "a" and "\u0061" are the same.
func idKey(id json.RawMessage) string {
	var text string
	if len(id) > 0 && id[0] == '"' && json.Unmarshal(id, &text) == nil {
		return strconv.Quote(text)
	}
	return string(id)
}
