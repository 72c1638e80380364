package view

import (
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Size of a terminal that does not tell its own, as serial lines do.
const (
	defaultWidth  = 80
	defaultHeight = 24
)

// Detect finds out how f wants to be written to. Mode is the --color flag:
// "always", "never", or anything else for what the environment says, where
// NO_COLOR (no-color.org) comes before CLICOLOR and CLICOLOR_FORCE
// (bixense.com/clicolors), and those before what f is.
func Detect(f *os.File, mode string, plain bool, getenv func(string) string) Style {
	width, height, terminal := size(f)
	st := Style{Plain: plain, Now: time.Now(), Location: time.Local}
	if terminal {
		st.Width = firstPositive(width, number(getenv("COLUMNS")), defaultWidth)
		st.Height = firstPositive(height, number(getenv("LINES")), defaultHeight)
	}
	st.Color = !plain && colored(mode, terminal, getenv)
	st.ASCII = !utf8Locale(getenv) || getenv("TERM") == "linux"
	return st
}

// size asks the kernel for the terminal behind f. It leaves f's blocking
// mode alone, which os.File.Fd would not.
func size(f *os.File) (width, height int, terminal bool) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, 0, false
	}
	err = raw.Control(func(fd uintptr) {
		ws, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ)
		if err == nil {
			width, height, terminal = int(ws.Col), int(ws.Row), true
		}
	})
	return width, height, terminal && err == nil
}

func colored(mode string, terminal bool, getenv func(string) string) bool {
	force := getenv("CLICOLOR_FORCE")
	switch {
	case mode == "always":
		return true
	case mode == "never", getenv("NO_COLOR") != "", getenv("CLICOLOR") == "0":
		return false
	case force != "" && force != "0":
		return true
	}
	term := getenv("TERM")
	return terminal && term != "" && term != "dumb"
}

// utf8Locale is whether the first of the locale variables that is set names
// UTF-8, by the precedence of POSIX.
func utf8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(getenv(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}

// number is the value of a decimal, 0 for anything else.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func firstPositive(list ...int) int {
	for _, n := range list {
		if n > 0 {
			return n
		}
	}
	return 0
}
