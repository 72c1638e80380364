package stage

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// program is what a child does: its calls in order. Everything the calls point
// to lies in keep, so that it stays where it is.
type program struct {
	calls []call
	// registers hold results that later calls use.
	registers []uintptr
	steps     []string
	keep      [][]byte
	words     [][]uintptr
	// slot is a descriptor's number that is free for what has to be at a
	// number known beforehand.
	slot int
	// number is where trapNumber writes the digits, zeros after them.
	number []byte
}

// call is one system call. Its fields hold numbers only: a child must not
// write or follow pointers of Go's.
type call struct {
	trap uintptr
	args [6]uintptr
	// fromRegister has a bit for each argument that is a register's number.
	fromRegister uint8
	// needs is a register without which the call is left out, -1 for none.
	needs int
	// result is the register its result goes to, -1 for none.
	result int
	// least is the smallest result that is a success.
	least uintptr
	// pardon is an error that is none, all is whether any is.
	pardon  uintptr
	lenient bool
	// orNext is an error for which the next call is made instead; without it
	// the next one is left out.
	orNext uintptr
	step   int
}

// trapNumber is no call of the kernel's: it writes the process's number into
// program.number.
const trapNumber = ^uintptr(0)

// register is the result of an earlier call, as an argument.
type register int

// none is what an empty register holds: no call that is kept returns it.
const none = ^uintptr(0)

// step begins a step: errors of the calls that follow are told by its name.
func (p *program) step(format string, a ...any) {
	p.steps = append(p.steps, fmt.Sprintf(format, a...))
}

// do adds a call. Arguments are numbers, registers, texts, bytes and words, of
// which the kernel gets addresses.
func (p *program) do(trap uintptr, args ...any) *call {
	c := call{trap: trap, needs: -1, result: -1, step: len(p.steps) - 1}
	for i, a := range args {
		switch a := a.(type) {
		case int:
			c.args[i] = uintptr(a)
		case uintptr:
			c.args[i] = a
		case uint64:
			c.args[i] = uintptr(a)
		case register:
			c.args[i] = uintptr(a)
			c.fromRegister |= 1 << i
		case string:
			c.args[i] = p.text(a)
		case []byte:
			c.args[i] = p.bytes(a)
		case []uintptr:
			c.args[i] = p.list(a)
		default:
			panic(fmt.Sprintf("stage: a %T is no argument", a))
		}
	}
	p.calls = append(p.calls, c)
	return &p.calls[len(p.calls)-1]
}

// get adds a call whose result is used later.
func (p *program) get(trap uintptr, args ...any) register {
	c := p.do(trap, args...)
	p.registers = append(p.registers, none)
	c.result = len(p.registers) - 1
	return register(c.result)
}

// last is the call that was added last.
func (p *program) last() *call { return &p.calls[len(p.calls)-1] }

// text gives the address of a C string.
func (p *program) text(s string) uintptr {
	return p.bytes(append([]byte(s), 0))
}

// bytes gives the address of bytes, which stay where they are.
func (p *program) bytes(b []byte) uintptr {
	if len(b) == 0 {
		return 0
	}
	p.keep = append(p.keep, b)
	return uintptr(unsafe.Pointer(&b[0]))
}

// list gives the address of a list of numbers or addresses.
func (p *program) list(w []uintptr) uintptr {
	p.words = append(p.words, w)
	return uintptr(unsafe.Pointer(&w[0]))
}

// texts gives the address of a list of C strings that ends with a zero.
func (p *program) texts(list []string) uintptr {
	w := make([]uintptr, 0, len(list)+1)
	for _, s := range list {
		w = append(w, p.text(s))
	}
	return p.list(append(w, 0))
}

// at is a file descriptor argument that is negative, such as AT_FDCWD.
func at(fd int) uintptr { return uintptr(fd) }

// openat adds an open(2) whose descriptor is used later.
func (p *program) open(path string, flags int) register {
	return p.get(unix.SYS_OPENAT, at(unix.AT_FDCWD), path, flags|unix.O_CLOEXEC, 0)
}

func (p *program) close(r register) {
	p.do(unix.SYS_CLOSE, r).needs = int(r)
	p.last().lenient = true
}

// alive keeps what the program points to until here.
func (p *program) alive() {
	runtime.KeepAlive(p.keep)
	runtime.KeepAlive(p.words)
	runtime.KeepAlive(p)
}
