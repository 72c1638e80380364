package seccomp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// The offsets of struct seccomp_data on a little-endian machine.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
)

// The opcodes of classic BPF that a filter needs (linux/bpf_common.h).
const (
	opLoad    = 0x20 // BPF_LD|BPF_W|BPF_ABS
	opEqual   = 0x15 // BPF_JMP|BPF_JEQ|BPF_K
	opGreater = 0x25 // BPF_JMP|BPF_JGT|BPF_K
	opAtLeast = 0x35 // BPF_JMP|BPF_JGE|BPF_K
	opJump    = 0x05 // BPF_JMP|BPF_JA
	opAnd     = 0x54 // BPF_ALU|BPF_AND|BPF_K
	opReturn  = 0x06 // BPF_RET|BPF_K
)

// longest is the longest program the kernel takes (BPF_MAXINSNS).
const longest = 4096

// noCall is the error of a call that does not exist (ENOSYS).
const noCall = 38

// instruction is struct sock_filter.
type instruction struct {
	op     uint16
	jt, jf uint8
	k      uint32
}

// Program is the filter of a profile, eight bytes an instruction.
func (p Profile) Program() ([]byte, error) {
	if len(calls) == 0 {
		return nil, errors.New("seccomp filters can be made on amd64 and arm64 only")
	}
	// A program for another kind of machine has other numbers: to it no call
	// exists. So have those of x32, which share the kind (x32 ABI).
	list := []instruction{
		{op: opLoad, k: offArch}, {op: opEqual, jt: 1, k: auditArch}, {op: opReturn, k: uint32(Errno) | noCall}, {op: opLoad, k: offNumber},
	}
	if x32Bit != 0 {
		list = append(list, instruction{op: opAtLeast, jf: 1, k: x32Bit}, instruction{op: opReturn, k: uint32(Errno) | noCall})
	}
	spans, err := p.spans()
	if err != nil {
		return nil, err
	}
	list = append(list, search(spans)...)
	if len(list) > longest {
		return nil, fmt.Errorf("the profile makes a filter of %d instructions, and the kernel takes %d", len(list), longest)
	}
	return encode(list), nil
}

// span is a range of numbers, from first to the next span's, that are answered
// by the same code.
type span struct {
	first int
	code  []instruction
	// plain is the answer where the code is nothing else.
	plain Action
	bare  bool
}

// spans are all numbers, in order. Numbers without a name, and those past the
// last one, are unknown.
func (p Profile) spans() ([]span, error) {
	var list []span
	for n := range len(calls) + 1 {
		s, err := p.answer(n)
		if err != nil {
			return nil, err
		}
		if last := len(list) - 1; last >= 0 && s.bare && list[last].bare && list[last].plain == s.plain {
			continue
		}
		list = append(list, s)
	}
	return list, nil
}

// answer is the code for one number: the conditions of the rules about it, in
// order, and what happens to a call that meets none.
func (p Profile) answer(n int) (span, error) {
	s := span{first: n, plain: p.Default, bare: true}
	if p.Unknown != 0 && (n >= len(calls) || calls[n] == "") {
		s.plain = p.Unknown
	}
	for _, r := range p.Rules {
		if !slices.Contains(r.Numbers, n) {
			continue
		}
		if len(r.Args) == 0 {
			s.plain = r.Action
			break
		}
		code, err := r.conditions()
		if err != nil {
			return span{}, err
		}
		s.bare = false
		s.code = append(s.code, code...)
	}
	s.code = append(s.code, instruction{op: opReturn, k: uint32(s.plain)})
	return s, nil
}

// search finds the span of a number by halving: the kernel runs a new filter
// once for every number there is, so a long chain would cost every start.
func search(spans []span) []instruction {
	if len(spans) == 1 {
		return spans[0].code
	}
	half := len(spans) / 2
	low, high := search(spans[:half]), search(spans[half:])
	at := uint32(spans[half].first)
	var list []instruction
	if len(low) <= 255 {
		list = append(list, instruction{op: opAtLeast, jt: uint8(len(low)), k: at})
	} else {
		list = append(list, instruction{op: opAtLeast, jf: 1, k: at}, instruction{op: opJump, k: uint32(len(low))})
	}
	return append(append(list, low...), high...)
}

func encode(list []instruction) []byte {
	b := make([]byte, 0, 8*len(list))
	for _, i := range list {
		b = binary.LittleEndian.AppendUint16(b, i.op)
		b = append(b, i.jt, i.jf)
		b = binary.LittleEndian.AppendUint32(b, i.k)
	}
	return b
}

// conditions are the code of a rule for a number that it is about: the
// comparisons and the answer. A call that does not meet them goes on behind it.
func (r Rule) conditions() ([]instruction, error) {
	var list []instruction
	for _, a := range r.Args {
		if a.Index < 0 || a.Index > 5 {
			return nil, fmt.Errorf("a call has no argument %d", a.Index)
		}
		list = append(list, a.code()...)
	}
	list = append(list, instruction{op: opReturn, k: uint32(r.Action)})
	// Whoever does not fit goes to the end.
	for i := range list {
		for _, jump := range []*uint8{&list[i].jt, &list[i].jf} {
			if *jump == toEnd {
				*jump = uint8(len(list) - i - 1)
			}
		}
	}
	if len(list) > 250 {
		return nil, errors.New("a rule has too many conditions")
	}
	return list, nil
}

// toEnd is a jump to where a rule ends that does not fit.
const toEnd = 255

// code compares an argument, the upper half first. It goes on behind itself
// where the condition is met.
func (a Arg) code() []instruction {
	low, high := uint32(offArgs+8*a.Index), uint32(offArgs+8*a.Index+4)
	vl, vh := uint32(a.Value), uint32(a.Value>>32)
	upper, lower := instruction{op: opLoad, k: high}, instruction{op: opLoad, k: low}
	switch a.Op {
	case Equal:
		return []instruction{upper, {op: opEqual, jf: toEnd, k: vh}, lower, {op: opEqual, jf: toEnd, k: vl}}
	case NotEqual:
		return []instruction{upper, {op: opEqual, jf: 2, k: vh}, lower, {op: opEqual, jt: toEnd, k: vl}}
	case Greater:
		return []instruction{upper, {op: opGreater, jt: 3, k: vh}, {op: opEqual, jf: toEnd, k: vh}, lower, {op: opGreater, jf: toEnd, k: vl}}
	case GreaterOrEqual:
		return []instruction{upper, {op: opGreater, jt: 3, k: vh}, {op: opEqual, jf: toEnd, k: vh}, lower, {op: opAtLeast, jf: toEnd, k: vl}}
	case Less:
		return []instruction{upper, {op: opGreater, jt: toEnd, k: vh}, {op: opEqual, jf: 2, k: vh}, lower, {op: opAtLeast, jt: toEnd, k: vl}}
	case LessOrEqual:
		return []instruction{upper, {op: opGreater, jt: toEnd, k: vh}, {op: opEqual, jf: 2, k: vh}, lower, {op: opGreater, jt: toEnd, k: vl}}
	case MaskedEqual:
		return []instruction{
			upper,
			{op: opAnd, k: vh},
			{op: opEqual, jf: toEnd, k: uint32(a.Second >> 32)},
			lower,
			{op: opAnd, k: vl},
			{op: opEqual, jf: toEnd, k: uint32(a.Second)},
		}
	}
	return nil
}
