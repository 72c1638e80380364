package ipc

import (
	"encoding/json"
	"fmt"
	"maps"
)

// Error is an error as it crosses the wire. It is an error on both sides.
type Error struct {
	Code    Code
	Message string
	// Try is what to do about it, or empty.
	Try string
	// Data are further members of error.data.
	Data map[string]any
}

// Errorf makes an Error.
func Errorf(code Code, format string, a ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, a...)}
}

func (e *Error) Error() string { return e.Message }

// ExitStatus is what a command ends with for an error of the code.
func (c Code) ExitStatus() int {
	switch c {
	case CodeUsage, CodeManifestInvalid:
		return 2
	case CodeNotRunning:
		return 3
	case CodeUnknownUnit, CodeUnknownProject:
		return 4
	case CodeTimeout:
		return 5
	}
	return 1
}

// The numbers JSON-RPC 2.0 gives to errors of its own, and the one for all
// others (section 5.1: -32000 to -32099 are the server's).
const (
	numberParse         = -32700
	numberInvalid       = -32600
	numberUnknownMethod = -32601
	numberParams        = -32602
	numberInternal      = -32603
	numberOther         = -32000
)

// number is the code as JSON-RPC has it.
func (c Code) number() int {
	switch c {
	case CodeParse:
		return numberParse
	case CodeHelloFirst, CodeTooLarge, CodeInvalid:
		return numberInvalid
	case CodeUnknownMethod:
		return numberUnknownMethod
	case CodeUsage:
		return numberParams
	case CodeInternal:
		return numberInternal
	}
	return numberOther
}

// wireError is the error object of JSON-RPC.
type wireError struct {
	Number  int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// encode makes the error object; data that JSON cannot express is left out.
func (e *Error) encode() *wireError {
	data := map[string]any{}
	maps.Copy(data, e.Data)
	data["code"] = e.Code
	if e.Try != "" {
		data["try"] = e.Try
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		encoded = json.RawMessage(`{"code":"` + string(e.Code) + `"}`)
	}
	return &wireError{Number: e.Code.number(), Message: e.Message, Data: encoded}
}

// decode is the Error that was sent.
func (w *wireError) decode() *Error {
	e := &Error{Code: CodeInternal, Message: w.Message, Data: map[string]any{}}
	if json.Unmarshal(w.Data, &e.Data) != nil {
		return e
	}
	if code, ok := e.Data["code"].(string); ok {
		e.Code = Code(code)
	}
	e.Try, _ = e.Data["try"].(string)
	delete(e.Data, "code")
	delete(e.Data, "try")
	return e
}
