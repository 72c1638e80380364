package seccomp

import (
	"encoding/binary"
	"errors"
	"fmt"
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
	for _, r := range p.Rules {
		block, err := r.block()
		if err != nil {
			return nil, err
		}
		list = append(list, block...)
	}
	if p.Unknown != 0 {
		list = append(list, instruction{op: opAtLeast, jf: 1, k: uint32(len(calls))}, instruction{op: opReturn, k: uint32(p.Unknown)})
	}
	list = append(list, instruction{op: opReturn, k: uint32(p.Default)})
	if len(list) > longest {
		return nil, fmt.Errorf("the profile makes a filter of %d instructions, and the kernel takes %d", len(list), longest)
	}
	return encode(list), nil
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

// block is the code of a rule. It begins and ends with the call's number
// loaded.
func (r Rule) block() ([]instruction, error) {
	var list []instruction
	for _, n := range r.Numbers {
		if len(r.Args) == 0 {
			list = append(list, instruction{op: opEqual, jf: 1, k: uint32(n)}, instruction{op: opReturn, k: uint32(r.Action)})
			continue
		}
		body, err := r.conditions()
		if err != nil {
			return nil, err
		}
		list = append(list, instruction{op: opEqual, jf: uint8(len(body)), k: uint32(n)})
		list = append(list, body...)
	}
	return list, nil
}

// conditions are the code behind a number: the comparisons, the answer, and
// the number loaded again for whoever is next.
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
	list = append(list, instruction{op: opLoad, k: offNumber})
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
