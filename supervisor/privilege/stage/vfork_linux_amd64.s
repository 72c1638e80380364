#include "textflag.h"

// func vfork(args, size uintptr) (pid, errno uintptr)
//
// clone3 with CLONE_VFORK|CLONE_VM: the child goes on with this same stack and
// overwrites what lies below its caller's frame, this function's return
// address among it. So the address waits in a register, which the kernel gives
// back to the parent as it was.
TEXT ·vfork(SB),NOSPLIT|NOFRAME,$0-32
	MOVQ	args+0(FP), DI
	MOVQ	size+8(FP), SI
	XORL	DX, DX
	XORL	R10, R10
	XORL	R8, R8
	XORL	R9, R9
	MOVL	$435, AX // clone3
	POPQ	R12
	SYSCALL
	PUSHQ	R12
	CMPQ	AX, $-4095
	JCC	failed
	MOVQ	AX, pid+16(FP)
	MOVQ	$0, errno+24(FP)
	RET
failed:
	NEGQ	AX
	MOVQ	$0, pid+16(FP)
	MOVQ	AX, errno+24(FP)
	RET
