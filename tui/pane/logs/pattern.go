package logs

import (
	"regexp"
	"slices"

	"systemg/tui/pane"
)

// refilter looks at the lines from a number on.
func (p *Pane) refilter(from int64) {
	if p.filter == nil {
		return
	}
	first := p.buf.first()
	keep := p.shown[:0:0]
	for _, seq := range p.shown {
		if seq >= first && seq < from {
			keep = append(keep, seq)
		}
	}
	for i := p.buf.at(from); i < len(p.buf.lines); i++ {
		l := &p.buf.lines[i]
		if l.Seq >= from && (l.Mark != None && l.Mark != Skipped || p.filter.matches(l)) {
			keep = append(keep, l.Seq)
		}
	}
	p.shown = keep
}

// Filter shows only lines that match, or with "!" before it those that do not;
// "" shows all. A pattern that is wrong is an error.
func (p *Pane) Filter(text string) error {
	pat, err := compile(text)
	if err != nil {
		return err
	}
	p.filter, p.shown = pat, nil
	p.refilter(p.buf.first())
	p.version++
	return nil
}

// Search marks what matches and goes to the newest such line that is not below
// the screen.
func (p *Pane) Search(text string, f pane.Frame) (pane.Intent, error) {
	pat, err := compile(text)
	if err != nil {
		return nil, err
	}
	p.search = pat
	p.version++
	if pat == nil {
		return nil, nil
	}
	return p.jump(f, -1, true), nil
}

// Patterns are what is filtered and searched, as it was typed.
func (p *Pane) Patterns() (filter, search string) { return p.filter.text(), p.search.text() }

// pattern is a regular expression, or what does not match one.
type pattern struct {
	re      *regexp.Regexp
	inverse bool
	typed   string
	// at is the number of the line the last jump went to, been whether there
	// was one.
	at   int64
	been bool
}

// compile reads a pattern: RE2, without regard to case unless it has a capital
// letter, with "!" before it for what does not match. "" is none.
func compile(text string) (*pattern, error) {
	p := &pattern{typed: text}
	if len(text) > 0 && text[0] == '!' {
		p.inverse, text = true, text[1:]
	}
	if text == "" {
		return nil, nil
	}
	if !slices.ContainsFunc([]rune(text), func(r rune) bool { return r >= 'A' && r <= 'Z' }) {
		text = "(?i)" + text
	}
	re, err := regexp.Compile(text)
	p.re = re
	return p, err
}

func (p *pattern) text() string {
	if p == nil {
		return ""
	}
	return p.typed
}

func (p *pattern) matches(l *Line) bool { return p.re.MatchString(plain(l.Text)) != p.inverse }
