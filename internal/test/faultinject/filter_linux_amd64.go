package faultinject

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// Constants that package syscall lacks.
const (
	sysSeccomp       = 317
	setModeFilter    = 1
	prSetNoNewPrivs  = 38
	retTrace         = 0x7ff00000
	retAllow         = 0x7fff0000
	optTraceSeccomp  = 0x80
	eventSeccomp     = 7
	instructionBytes = 2 // of syscall
)

// install makes the process install a filter, so that only the calls in kinds stop
// it. The installation replaces its first call, which the process repeats
// afterwards. Go's runtime makes many more calls of other kinds, and even more when
// it runs slowly.
func (t *tracer) install() error {
	if err := t.toNextStop(); err != nil { // its first call
		return err
	}
	var before syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(t.pid, &before); err != nil {
		return err
	}
	program := filterProgram()
	at := (before.Rsp - 4096) &^ 7 // unused memory, below the red zone of the stack
	text := make([]byte, 16)
	binary.LittleEndian.PutUint16(text, uint16(len(program)/8))
	binary.LittleEndian.PutUint64(text[8:], uint64(at)+16)
	if _, err := syscall.PtracePokeData(t.pid, uintptr(at), append(text, program...)); err != nil {
		return err
	}
	now := before
	now.Orig_rax, now.Rdi, now.Rsi, now.Rdx, now.R10, now.R8 = syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0
	if err := t.finish(&now); err != nil {
		return err
	}
	now = before
	now.Rip, now.Rax = before.Rip-instructionBytes, sysSeccomp
	now.Rdi, now.Rsi, now.Rdx = setModeFilter, 0, at
	if err := syscall.PtraceSetRegs(t.pid, &now); err != nil {
		return err
	}
	if err := t.toNextStop(); err != nil {
		return err
	}
	if err := t.finish(nil); err != nil {
		return err
	}
	before.Rip, before.Rax = before.Rip-instructionBytes, before.Orig_rax
	return syscall.PtraceSetRegs(t.pid, &before)
}

// finish lets the process finish a call, with other registers if they are given.
func (t *tracer) finish(r *syscall.PtraceRegs) error {
	if r != nil {
		if err := syscall.PtraceSetRegs(t.pid, r); err != nil {
			return err
		}
	}
	if err := t.toNextStop(); err != nil {
		return err
	}
	var after syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(t.pid, &after); err != nil {
		return err
	}
	if after.Rax != 0 {
		return fmt.Errorf("install the filter: %w", syscall.Errno(-int64(after.Rax)))
	}
	return nil
}

// toNextStop takes the process to the beginning or the end of a call.
func (t *tracer) toNextStop() error {
	var status syscall.WaitStatus
	if err := syscall.PtraceSyscall(t.pid, 0); err != nil {
		return err
	}
	if _, err := syscall.Wait4(t.pid, &status, syscall.WALL, nil); err != nil {
		return err
	}
	if !status.Stopped() || status.StopSignal() != stopSyscall {
		return errors.New("it does not stop at its first call")
	}
	return nil
}

// filterProgram is the filter, for the machine that package bpf of Linux describes.
func filterProgram() []byte {
	const load, jumpIfEqual, answer = 0x20, 0x15, 0x06
	var b []byte
	add := func(code uint16, onEqual, onOther uint8, k uint32) {
		b = binary.LittleEndian.AppendUint16(b, code)
		b = append(b, onEqual, onOther)
		b = binary.LittleEndian.AppendUint32(b, k)
	}
	var numbers []uint64
	for n := range kinds {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	add(load, 0, 0, 0) // the number of the call
	for i, n := range numbers {
		add(jumpIfEqual, uint8(len(numbers)-i), 0, uint32(n))
	}
	add(answer, 0, 0, retAllow)
	add(answer, 0, 0, retTrace)
	return b
}
