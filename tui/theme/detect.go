package theme

import "strings"

// Detect says what the terminal can show, from the environment alone. color is
// the --color flag: always, never, or anything else for what the environment
// says, where NO_COLOR (no-color.org) comes before CLICOLOR and CLICOLOR_FORCE
// (bixense.com/clicolors), and those before TERM and COLORTERM. The name of the
// theme is left empty.
func Detect(getenv func(string) string, color string) Options {
	return Options{Level: level(getenv, color), ASCII: narrow(getenv)}
}

func level(getenv func(string) string, color string) Level {
	force := getenv("CLICOLOR_FORCE")
	switch {
	case color == "always":
		return max(ANSI16, terminalLevel(getenv))
	case color == "never", getenv("NO_COLOR") != "", getenv("CLICOLOR") == "0":
		return None
	case force != "" && force != "0":
		return max(ANSI16, terminalLevel(getenv))
	}
	return terminalLevel(getenv)
}

// terminalLevel goes by the conventions of terminal emulators: COLORTERM for
// true colour, the ending of TERM for the rest.
func terminalLevel(getenv func(string) string) Level {
	term := strings.ToLower(getenv("TERM"))
	switch {
	case term == "", term == "dumb", term == "unknown", strings.HasPrefix(term, "vt1"),
		strings.HasPrefix(term, "vt2"), strings.HasSuffix(term, "-m"), strings.HasSuffix(term, "-mono"):
		return None
	}
	switch strings.ToLower(getenv("COLORTERM")) {
	case "truecolor", "24bit":
		return TrueColor
	}
	switch {
	case strings.HasSuffix(term, "-direct"):
		return TrueColor
	case strings.Contains(term, "256color"):
		return ANSI256
	}
	return ANSI16
}

// narrow is whether only ASCII can be relied upon: the locale is not UTF-8, is
// one in whose fonts box and block characters may be two columns wide, or the
// terminal is the Linux console, whose font has few of them.
// RUNEWIDTH_EASTASIAN, which other programs know, decides on the second: 1
// means wide, 0 means not.
func narrow(getenv func(string) string) bool {
	locale := ""
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale = strings.ToLower(getenv(name)); locale != "" {
			break
		}
	}
	if !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8") {
		return true
	}
	if getenv("TERM") == "linux" {
		return true
	}
	switch getenv("RUNEWIDTH_EASTASIAN") {
	case "1":
		return true
	case "0":
		return false
	}
	if strings.HasSuffix(locale, "@cjk_narrow") {
		return false
	}
	language, _, _ := strings.Cut(locale, "_")
	return language == "ja" || language == "ko" || language == "zh"
}
